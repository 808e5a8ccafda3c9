"""A World in the hand of a test: notes what a master's desks do, and goes on only when it is told to."""

from __future__ import annotations

import functools
import heapq
import itertools
import random
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from actors.system import Log, Timer
from transport.message import Message
from transport.messages.registry import RegistryApplied, RegistryOperation
from transport.pid import Pid
from transport.records.master import MasterInfo

M = TypeVar("M")

#: Where the virtual clock begins, monotonic and since the Unix epoch.
START_SECONDS = 1_000.0
EPOCH_SECONDS = 1_600_000_000.0

#: The master that the recorder pretends to be.
MASTER = Pid("master", "127.0.0.1", 5050, 1)


class Sent(NamedTuple):
    """A message, and to whom."""

    to: Pid
    message: Message


class Line(NamedTuple):
    """A line of log."""

    level: str
    event: str
    values: dict[str, object]


class Save(NamedTuple):
    """A change of the registry that is not answered yet."""

    operation: RegistryOperation
    then: Callable[[RegistryApplied], None]


class RecordedLog:
    """Implements `actors.system.Log`."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def debug(self, event: str, **values: object) -> None:
        self.lines.append(Line("debug", event, values))

    def info(self, event: str, **values: object) -> None:
        self.lines.append(Line("info", event, values))

    def warning(self, event: str, **values: object) -> None:
        self.lines.append(Line("warning", event, values))

    def error(self, event: str, **values: object) -> None:
        self.lines.append(Line("error", event, values))


class Recorder:
    """Implements `actors.master.world.World`.

    Changes of the registry wait in `saves` until `commit` or `refuse`, unless `prompt` is set: then each
    is durable at once. Time stands still but for `advance`, which fires the timers that fall due, in order.
    """

    def __init__(self, *, prompt: bool = False, seed: int = 7) -> None:
        self._journal = RecordedLog()
        self.log: Log = self._journal
        self.info = MasterInfo(id="m1", ip=0x0100007F, port=5050, pid=str(MASTER), hostname="localhost")
        self.rng = random.Random(seed)
        self.prompt = prompt
        self.sent: list[Sent] = []
        self.allocated: list[Message] = []
        self.saves: list[Save] = []
        #: Every operation that was ever saved, in order.
        self.operations: list[RegistryOperation] = []
        self.links: list[Pid] = []
        self._now = START_SECONDS
        self._order = itertools.count()
        self._timers: list[tuple[float, int, Timer]] = []

    # --- the World ---

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return EPOCH_SECONDS + self._now - START_SECONDS

    def send(self, to: Pid, message: Message) -> None:
        self.sent.append(Sent(to, message))

    def allocate(self, message: Message) -> None:
        self.allocated.append(message)

    def save(self, operation: RegistryOperation, then: Callable[[RegistryApplied], None]) -> None:
        self.operations.append(operation)
        if self.prompt:
            then(RegistryApplied(0, mutated=True))
        else:
            self.saves.append(Save(operation, then))

    def delay(self, seconds: float, callback: Callable[..., None], *arguments: object) -> Timer:
        timer = Timer(MASTER, functools.partial(callback, *arguments))
        heapq.heappush(self._timers, (self._now + max(0.0, seconds), next(self._order), timer))
        return timer

    def link(self, pid: Pid) -> None:
        if pid not in self.links:
            self.links.append(pid)

    def unlink(self, pid: Pid) -> None:
        if pid in self.links:
            self.links.remove(pid)

    # --- what a test does ---

    def commit(self, *, mutated: bool = True) -> RegistryOperation:
        """Make the oldest change that waits durable, and return it."""
        save = self.saves.pop(0)
        save.then(RegistryApplied(0, mutated=mutated))
        return save.operation

    def commit_all(self) -> None:
        """Make all changes durable that wait, and those that they lead to."""
        while self.saves:
            self.commit()

    def refuse(self, error: str) -> RegistryOperation:
        """Have the registrar refuse the oldest change that waits, and return it."""
        save = self.saves.pop(0)
        save.then(RegistryApplied(0, error=error))
        return save.operation

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                self._now = max(self._now, when)
                timer.callback()
        self._now = end

    @property
    def lines(self) -> list[Line]:
        """What was logged."""
        return self._journal.lines

    @property
    def timers(self) -> int:
        """How many timers are still to fire."""
        return sum(not timer.cancelled for _, _, timer in self._timers)

    def told(self, to: Pid) -> list[Message]:
        """What was sent there, oldest first."""
        return [sent.message for sent in self.sent if sent.to == to]

    def told_of(self, to: Pid, kind: type[M]) -> list[M]:
        """What of one type was sent there, oldest first."""
        return [message for message in self.told(to) if isinstance(message, kind)]

    def asked(self, kind: type[M]) -> list[M]:
        """What of one type the allocator was told, oldest first."""
        return [message for message in self.allocated if isinstance(message, kind)]

    def forget(self) -> None:
        """Empty the notes: what was sent, told to the allocator, saved and logged."""
        self.sent.clear()
        self.allocated.clear()
        self.operations.clear()
        self.lines.clear()
