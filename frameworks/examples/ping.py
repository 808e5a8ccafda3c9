"""Two actors that talk, whatever the network does: what is lost is said again."""

from actors.process import Process, handles
from transport.message import Message
from transport.pid import Pid


class Ping(Message):
    """A numbered question."""

    number: int


class Pong(Message):
    """Its answer."""

    number: int


class Ponger(Process):
    """Answers every ping; one that comes twice is answered twice, which harms nobody."""

    @handles(Ping)
    def ping(self, sender: Pid, message: Ping) -> None:
        """Answer."""
        self.send(sender, Pong(message.number))


class Pinger(Process):
    """Asks `count` questions one after the other, each again and again until its answer comes."""

    def __init__(self, ponger: Pid, count: int = 10) -> None:
        self.ponger, self.count, self.answered = ponger, count, 0

    def initialize(self) -> None:
        """Ask the first question, and twice a second whichever is open then."""
        self._ask()
        self._again = self.every(0.5, self._ask)

    @handles(Pong)
    def pong(self, sender: Pid, message: Pong) -> None:
        """Go on with the next question, unless this answer is an old one come twice."""
        if message.number == self.answered + 1:
            self.answered += 1
            self.log.info("pong", number=message.number, sender=str(sender))
            self._ask()

    def _ask(self) -> None:
        if self.answered < self.count:
            self.send(self.ponger, Ping(self.answered + 1))
        else:
            self._again.cancel()
