"""One living actor on one thread: a process, its mailbox, and the loop that gives it turns."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol

from actors.blueprint import Blueprint, describe
from actors.mailbox import Mailbox
from actors.process import Process
from actors.system import StoppingError
from transport.envelope import Envelope
from transport.messages.supervision import ActorStatus
from transport.pid import Pid

if TYPE_CHECKING:
    from actors.trace.tracer import Tracer


class Terminate:
    """Ends an actor: taken before everything that waits for it."""


class Host(Protocol):
    """What an actor needs of the system that it lives in."""

    tracer: Tracer | None

    def ended(self, actor: Actor, error: BaseException | None, cause: Envelope) -> None:
        """Run when the actor's last turn, that of `cause`, is over: terminated, or with what it raised."""
        ...

    def discard(self, envelope: Envelope, reason: str) -> None:
        """Run for a message that an ended actor never saw."""
        ...


class Actor:
    """Runs the turns of one incarnation, all on one thread."""

    def __init__(self, host: Host, blueprint: Blueprint, process: Process, mailbox: Mailbox) -> None:
        self.pid: Pid = process.pid
        self.blueprint = blueprint
        self.mailbox = mailbox
        #: Set once its last turn is over and the system knows.
        self.gone = threading.Event()
        self._host = host
        self._process = process
        self._turns = 0
        self._longest_turn_seconds = 0.0

    def run(self, envelope: Envelope) -> bool:
        """Handle `envelope` and all that waits behind it; False once the actor has ended.

        To stay in here while there is work spares pykka's loop between two messages.
        """
        if self.gone.is_set():
            self._host.discard(envelope, "actor ended")
            return False
        receive = self._process.receive
        take = self.mailbox.take_now
        tracer = self._host.tracer
        now = time.monotonic
        started = now()
        following: Envelope | None = envelope
        while following is not None:
            envelope = following
            kind = type(envelope.message)
            if kind is Terminate:
                self._end(self._finalize(), envelope)
                return False
            try:
                receive(envelope)
            except BaseException as error:  # noqa: BLE001  a bug in a turn ends this actor, and it alone
                self._crash(envelope, error)
                return False
            ended = now()
            self._turns += 1
            if ended - started > self._longest_turn_seconds:
                self._longest_turn_seconds = ended - started
            if tracer is not None:
                if kind in tracer.plain and envelope.credit is None:  # as `handled` does, without a call
                    tracer.note((envelope, started, ended))
                else:
                    tracer.handled(envelope, started, ended)
            if envelope.credit is not None:
                envelope.credit.spend()
            started = ended
            following = take()
        return True

    def status(self) -> ActorStatus:
        """How it is doing; may be asked from any thread."""
        kind = type(self._process)
        return ActorStatus(
            pid=self.pid,
            kind=f"{kind.__module__}:{kind.__qualname__}",
            depth=self.mailbox.depth(),
            turns=self._turns,
            crashes=self.blueprint.crashes,
            overflows=self.mailbox.overflows,
            longest_turn_seconds=self._longest_turn_seconds,
        )

    def _finalize(self) -> BaseException | None:
        try:
            self._process.finalize()
        except BaseException as error:
            self._process.log.error("actor crashed in finalize", exc_info=error)
            return error
        return None

    def _crash(self, envelope: Envelope, error: BaseException) -> None:
        self._turns += 1
        turn = type(envelope.message).__name__
        if isinstance(error, StoppingError):
            self._process.log.info("actor ends with its node", turn=turn, reason=str(error))
        else:
            self._process.log.error("actor crashed", turn=turn, exc_info=error)
        if self._host.tracer is not None:
            self._host.tracer.crashed(envelope, describe(error))
        if envelope.credit is not None:
            envelope.credit.spend()
        self._end(error, envelope)

    def _end(self, error: BaseException | None, cause: Envelope) -> None:
        self._host.ended(self, error, cause)
        self.mailbox.close(self._host.discard)
        self.gone.set()
