"""Messages and actors that the tests of the simulation play with."""

from collections.abc import Callable
from typing import Any, ClassVar

from actors.process import Process, handles
from transport.message import Message
from transport.pid import Pid


class Note(Message):
    number: int


class Alarm(Message):
    urgent: ClassVar[bool] = True

    number: int


class Echo(Message):
    text: str


class Perform(Message):
    """Run `action` in a turn of the actor; within one node only."""

    action: Callable[[Any], object]


class Player(Process):
    """Does what it is told, answers echoes, and keeps what happens to it."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def initialize(self) -> None:
        self.events.append("initialize")

    def finalize(self) -> None:
        self.events.append("finalize")

    def exited(self, pid: Pid) -> None:
        self.events.append(pid)

    @handles(Perform)
    def perform(self, sender: Pid, message: Perform) -> None:
        message.action(self)

    @handles(Note)
    def note(self, sender: Pid, message: Note) -> None:
        self.events.append(message.number)

    @handles(Alarm)
    def alarm(self, sender: Pid, message: Alarm) -> None:
        self.events.append(-message.number)

    @handles(Echo)
    def echo(self, sender: Pid, message: Echo) -> None:
        self.send(sender, message)

    @property
    def numbers(self) -> list[int]:
        return [event for event in self.events if isinstance(event, int)]


def fail(_process: Process) -> None:
    raise RuntimeError("told to")
