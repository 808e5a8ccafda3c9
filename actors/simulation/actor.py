"""One living actor of a simulated node: a process, its mailbox, and its turns on the agenda."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

from actors.actor import Terminate
from actors.blueprint import Blueprint
from actors.process import Process
from actors.simulation.machine import PowerLoss
from actors.simulation.world import World
from transport.envelope import Envelope
from transport.message import URGENT
from transport.messages.supervision import ActorStatus
from transport.pid import Pid

if TYPE_CHECKING:
    from actors.simulation.node import SimulatedNode


class Killed(Exception):  # noqa: N818  what befell the actor, not an error of anybody
    """The crash of an actor that a test wanted to crash."""


class Kill:
    """Crashes an actor in its next turn."""


class SimulatedActor:
    """Runs the turns of one incarnation; the counterpart of `actors.actor.Actor`.

    Each turn is an event of its own, a random moment after the one before, so that the turns of different
    actors interleave in every possible way and time passes even where nobody waits.
    """

    __slots__ = (
        "_agenda", "_bound", "_chance", "_check", "_filters", "_node", "_note", "_observers", "_queue",
        "_receive", "_scheduled", "_urgent", "_world", "blueprint", "gone", "overflows", "pid", "process",
        "turns",
    )  # fmt: skip

    def __init__(
        self, world: World, node: SimulatedNode, blueprint: Blueprint, process: Process, bound: int
    ) -> None:
        self.pid: Pid = process.pid
        self.process = process
        self.blueprint = blueprint
        self.gone = False
        self.turns = 0
        self.overflows = 0
        self._world = world
        self._node = node
        self._bound = bound
        self._queue: deque[Envelope] = deque()
        self._urgent: deque[Envelope] = deque()
        self._scheduled = False
        # What every turn needs, within one step's reach.
        self._agenda = world.agenda
        self._chance = world.chance
        self._filters = world.filters
        self._observers = world.observers
        self._note = world.history.note
        self._receive = process.receive
        self._check = getattr(process, "check_invariants", None)

    def post(self, envelope: Envelope) -> bool:
        """Queue a message; False, with nothing done but a count, when the mailbox is full."""
        if self._filters and self._world.takes(envelope):
            return True
        if type(envelope.message) in URGENT:
            self._urgent.append(envelope)
        elif len(self._queue) < self._bound:
            self._queue.append(envelope)
        else:
            self.overflows += 1
            return False
        if not self._scheduled:
            self._wake()
        return True

    def post_signal(self, envelope: Envelope) -> None:
        """Queue a signal of the system, in order with the messages but whatever the bound."""
        if self._filters and self._world.takes(envelope):
            return
        self._queue.append(envelope)
        if not self._scheduled:
            self._wake()

    def post_urgent(self, envelope: Envelope) -> None:
        """Queue what comes before everything that waits in order."""
        if self._filters and self._world.takes(envelope):
            return
        self._urgent.append(envelope)
        if not self._scheduled:
            self._wake()

    def turn(self, _argument: None = None) -> None:
        """Handle the next message."""
        if self._node.paused:
            self._node.late_turns.append((self.turn, None))
            return
        queue = self._urgent or self._queue
        if not queue:
            self._scheduled = False
            return
        envelope = queue.popleft()
        kind = type(envelope.message)
        self._note((self._agenda.now, self.pid, kind, envelope.sender))
        self.turns += 1
        if kind is Terminate:
            self._end(self._finalize(), envelope)
        elif kind is Kill:
            self._crash(envelope, Killed("the test killed it"))
        else:
            self._handle(envelope)
        if self._observers:
            self._world.observe(self._node, envelope)

    def end(self) -> tuple[Envelope, ...]:
        """Take no further turn; returns what was waiting."""
        self.gone = True
        waiting = (*self._urgent, *self._queue)
        self._urgent.clear()
        self._queue.clear()
        return waiting

    def status(self) -> ActorStatus:
        """How it is doing."""
        kind = type(self.process)
        return ActorStatus(
            pid=self.pid,
            kind=f"{kind.__module__}:{kind.__qualname__}",
            depth=len(self._queue) + len(self._urgent),
            turns=self.turns,
            crashes=self.blueprint.crashes,
            overflows=self.overflows,
            longest_turn_seconds=0.0,
        )

    def _wake(self) -> None:
        self._scheduled = True
        agenda = self._agenda
        when = agenda.now + self._chance() * self._node.turn_seconds
        heapq.heappush(agenda.heap, (when, agenda.next_order(), self.turn, None))

    def _handle(self, envelope: Envelope) -> None:
        try:
            self._receive(envelope)
            if self._check is not None:
                self._world.check(self._check, self.pid)
        except (Exception, SystemExit) as error:  # noqa: BLE001  a bug in a turn ends this actor, and it alone
            self._crash(envelope, error)
            return
        except PowerLoss:
            self._node.unwound()
            return
        tracer = self._node.tracer
        if tracer is not None:
            now = self._world.date()
            tracer.handled(envelope, now, now)
        if envelope.credit is not None:
            envelope.credit.spend()
        if self._queue or self._urgent:
            self._wake()
        else:
            self._scheduled = False

    def _finalize(self) -> BaseException | None:
        try:
            self.process.finalize()
        except (Exception, SystemExit) as error:
            self._world.crashed(self.pid, "finalize", error)
            self.process.log.error("actor crashed in finalize", exc_info=error)
            return error
        except PowerLoss:
            self._node.unwound()
        return None

    def _crash(self, envelope: Envelope, error: BaseException) -> None:
        turn = type(envelope.message).__name__
        self._world.crashed(self.pid, turn, error)
        self.process.log.error("actor crashed", turn=turn, exc_info=error)
        self._node.crashed(envelope, error)
        self._end(error, envelope)

    def _end(self, error: BaseException | None, cause: Envelope) -> None:
        if not self.gone:
            self._node.ended(self, error, cause)
