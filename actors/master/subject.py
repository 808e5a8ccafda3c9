"""What the actors of a reign have in common: the end of the reign is told, not suffered."""

from __future__ import annotations

from actors.master.mandate import UNLIMITED, ReignOverError
from actors.process import Process
from transport.envelope import Envelope
from transport.messages.election import ReignOver


class Subject(Process):
    """An actor of a reign: once it has raised ReignOverError it does nothing any more.

    Whoever owns the reign is told why; where nobody does, the error is a crash.
    """

    mandate = UNLIMITED
    #: Whether the reign is over, as far as this actor is concerned.
    over = False

    def receive(self, envelope: Envelope) -> None:
        """Run one turn, as long as the reign lasts."""
        if self.over:
            return
        try:
            super().receive(envelope)
        except ReignOverError as error:
            if self.mandate.leadership is None:
                raise
            self.abdicate(str(error))

    def abdicate(self, reason: str) -> None:
        """Do nothing any more, and say why."""
        self.over = True
        if self.mandate.leadership is not None:
            self.send(self.mandate.leadership, ReignOver(reason))
