"""What all nodes of one simulation share: time, chance, the network, and who looks on."""

from __future__ import annotations

import random
import traceback
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol

from actors.blueprint import describe
from actors.simulation.agenda import Agenda
from actors.simulation.clock import EPOCH
from actors.simulation.failure import SimulationFailure
from actors.simulation.history import History
from actors.simulation.journal import Journal
from actors.simulation.points import FaultPoints
from transport.envelope import Envelope
from transport.pid import Pid

if TYPE_CHECKING:
    from actors.simulation.network import Network
    from actors.simulation.node import SimulatedNode

#: Turns and lines of log that the report of a failure shows.
_SHOWN_TURNS = 20
_SHOWN_LINES = 10
_KEPT_CRASHES = 1000


class Crash(NamedTuple):
    """An exception that ended an actor."""

    #: Virtual seconds.
    when: float
    pid: Pid
    #: The type of the message, or `finalize`.
    turn: str
    error: BaseException

    def __str__(self) -> str:
        where = traceback.extract_tb(self.error.__traceback__)
        place = f" ({where[-1].filename}:{where[-1].lineno})" if where else ""
        whose = f"{self.pid.name}@{self.pid.host}"
        return f"{self.when:14.6f}  {whose}  {self.turn}: {describe(self.error)}{place}"


class Takes(Protocol):
    """A filter on duty; see `filters`."""

    def takes(self, envelope: Envelope) -> bool:
        """Whether the filter keeps this message from its actor."""
        ...


Observer = Callable[["SimulatedNode", Envelope], None]


class World:
    """One simulation, as its nodes and actors see it."""

    network: Network

    def __init__(self, seed: int, turns_kept: int | None, fatal: tuple[type[Exception], ...]) -> None:
        self.seed = seed
        self.agenda = Agenda()
        self.history = History(turns_kept)
        self.journal = Journal()
        self.points = FaultPoints()
        #: The fraction of the longest pause that is made before a turn.
        self.chance = self.rng("turns").random
        self.filters: list[Takes] = []
        #: Called after each turn.
        self.observers: list[Observer] = []
        self.crashes: deque[Crash] = deque(maxlen=_KEPT_CRASHES)
        #: How to see it all again, for people to read.
        self.replay = f"run the same code with Simulation({seed})"
        self._fatal = fatal

    def date(self) -> float:
        """The true time, in seconds since the Unix epoch."""
        return EPOCH + self.agenda.now

    def rng(self, name: str) -> random.Random:
        """A source of chance of its own, the same for the same seed and name in every process."""
        return random.Random(f"{self.seed}/{name}")  # noqa: S311  chance, not secrecy

    def takes(self, envelope: Envelope) -> bool:
        """Whether a filter keeps this message from its actor."""
        return any(filter_.takes(envelope) for filter_ in self.filters)

    def observe(self, node: SimulatedNode, envelope: Envelope) -> None:
        """Tell those who look on that a turn is over."""
        for observer in tuple(self.observers):
            observer(node, envelope)

    def check(self, check: Callable[[], object], whose: object) -> None:
        """Call an invariant's check; the simulation fails when it raises."""
        try:
            check()
        except Exception as error:  # noqa: BLE001  whatever it raises is the news
            self.fail(f"an invariant of {whose} does not hold: {describe(error)}", error)

    def crashed(self, pid: Pid, turn: str, error: BaseException) -> None:
        """Note a crash; the simulation fails when it is one that no program may survive."""
        if isinstance(error, SimulationFailure):
            raise error
        self.crashes.append(Crash(self.agenda.now, pid, turn, error))
        if isinstance(error, self._fatal):
            self.fail(f"{pid} crashed handling {turn}: {describe(error)}", error)

    def fail(self, reason: str, cause: BaseException | None = None) -> NoReturn:
        """Stop the run with all that is needed to understand it and to see it again."""
        raise SimulationFailure(self.report(reason)) from cause

    def report(self, reason: str) -> str:
        """What went wrong, when, and what came before."""
        turns = [str(turn) for turn in self.history.last(_SHOWN_TURNS)]
        lines = [str(line) for line in self.journal.last(_SHOWN_LINES)]
        crashes = [str(crash) for crash in self.crashes][-_SHOWN_LINES:]
        parts = [
            reason,
            f"seed {self.seed}, after {self.agenda.now:.6f} virtual seconds and {len(self.history)} turns",
            *_section("last turns", turns),
            *_section("last crashes", crashes),
            *_section("last lines of log", lines),
            f"to see it again: {self.replay}",
        ]
        return "\n".join(parts)


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", *(f"  {line}" for line in lines)] if lines else []
