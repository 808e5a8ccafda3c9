"""What a master's desks see of the world; and silence until the registry is recovered."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Final

from actors.master.gauges import MasterMetrics
from actors.master.mandate import Mandate
from actors.master.marks import Marks
from actors.master.subject import Subject
from actors.process import Exited, Fired, Initialize, handles
from transport.envelope import Envelope
from transport.message import Message
from transport.messages.allocation import MakeOffers
from transport.messages.election import LeadershipDoubted, LeaseExtended
from transport.messages.membership import RegisterAgent, ReregisterAgent
from transport.messages.registry import (
    ApplyToRegistry,
    RecoverRegistry,
    RegistryApplied,
    RegistryOperation,
    RegistryRecovered,
)
from transport.messages.scheduling import Subscribe
from transport.messages.viewing import TellChanges
from transport.pid import Pid
from transport.records.master import MasterInfo

#: What is handled before the registry is recovered. Whoever wants to belong to the cluster is heard then; all
#: else is dropped.
_EARLY = frozenset({Initialize, Exited, Fired, RegistryRecovered, LeaseExtended, TellChanges})
_WAITING = frozenset({RegisterAgent, ReregisterAgent, Subscribe})
#: How long a turn may be in which those are heard who were too early.
_CATCH_UP_SECONDS: Final = 0.003


class Reign(Subject):
    """Implements `actors.master.world.World` on a master's node.

    It acts by a mandate: when that has run out, and before every single turn that is made sure of, it does
    nothing any more (reliability.md R2). So a master that was stopped and goes on later orders nothing.
    """

    def __init__(
        self, info: MasterInfo, allocator: Pid, registrar: Pid, metrics: MasterMetrics, mandate: Mandate
    ) -> None:
        self.metrics = metrics
        self.mandate = mandate
        #: Whether the registry is recovered.
        self.reigns = False
        self._info = info
        self._allocator = allocator
        self._registrar = registrar
        self._until = mandate.until
        #: The newest epoch that was asked about.
        self._doubted = mandate.epoch
        self._marks = Marks()
        self._request_ids = itertools.count(1)
        self._waiting: dict[int, Callable[[RegistryApplied], None]] = {}
        #: Who was too early, and what they said last, in that order: their next try may be long in coming.
        self._too_early: dict[Pid, Envelope] = {}
        self._counters = metrics.by_message()

    def initialize(self) -> None:
        """Ask for the registry."""
        self.metrics.elected.set(1.0)
        began = self.system.now()
        self.metrics.uptime_secs.read = lambda: self.system.now() - began
        self.send(self._registrar, RecoverRegistry(self._info, self.mandate.epoch))

    def receive(self, envelope: Envelope) -> None:
        """Run one turn, unless it is too early for it, or too late."""
        kind = type(envelope.message)
        if self.system.now() > self._until and kind is not LeaseExtended:
            if not self.over:
                self.abdicate(
                    "its lease ran out while it was busy or stopped: another master may lead by now"
                )
        elif kind in _WAITING and (self._too_early or not self.reigns):
            self._too_early.pop(envelope.sender, None)
            self._too_early[envelope.sender] = envelope
        elif self.reigns or kind in _EARLY:
            self._hear(envelope)
        else:
            self.metrics.dropped_messages.increment()

    def _hear(self, envelope: Envelope) -> None:
        if self.system.epoch > self._doubted:
            self._doubt(self.system.epoch)
        counter = self._counters.get(type(envelope.message))
        if counter is not None:
            counter.value += 1
        super().receive(envelope)

    def begin(self, recovered: RegistryRecovered) -> None:
        """Take over the cluster as the masters before left it."""
        raise NotImplementedError

    # --- the mandate ---

    @handles(LeaseExtended)
    def lease_extended(self, sender: Pid, message: LeaseExtended) -> None:
        """Go on for a while, or for a shorter one than was thought."""
        if message.epoch == self.mandate.epoch:
            self._until = message.until

    def _doubt(self, epoch: int) -> None:
        """Somebody obeys, or has heard of, a later leader: ask whether there is one."""
        self._doubted = epoch
        if self.mandate.leadership is not None:
            self.send(self.mandate.leadership, LeadershipDoubted(epoch))

    # --- the World ---

    @property
    def info(self) -> MasterInfo:
        """What the master says about itself."""
        return self._info

    @property
    def rng(self) -> random.Random:
        """The only source of chance."""
        return self.system.rng

    def now(self) -> float:
        """Monotonic seconds."""
        return self.system.now()

    def wall(self) -> float:
        """Seconds since the Unix epoch."""
        return self.system.wall()

    def allocate(self, message: Message) -> None:
        """Tell the allocator."""
        self.send(self._allocator, message)
        mark = self._marks.follow(message)
        if mark is not None:
            self.send(self._allocator, mark)

    def current(self, message: MakeOffers) -> MakeOffers:
        """What of the allocator's decision still holds; the rest it gets back."""
        message, returned = self._marks.sift(message)
        for recovery in returned:
            self.allocate(recovery)
        return message

    def save(self, operation: RegistryOperation, then: Callable[[RegistryApplied], None]) -> None:
        """Change the registry, and go on with `then` once that is durable or was refused."""
        request_id = next(self._request_ids)
        self._waiting[request_id] = then
        self.send(self._registrar, ApplyToRegistry(request_id, operation))

    # --- the registrar ---

    @handles(RegistryRecovered)
    def registry_recovered(self, sender: Pid, message: RegistryRecovered) -> None:
        """Begin to reign."""
        if self.reigns:
            return
        self.reigns = True
        self.metrics.recovered.set(1.0)
        self.log.info("registry recovered", master_id=self._info.id)
        self.begin(message)
        self._catch_up()

    def _catch_up(self) -> None:
        """Hear those who were too early, in the order in which they came, for a while; then the next ones.

        Of two schedulers of one framework the later one counts, and it may be the only one that still lives:
        so whoever comes meanwhile has to wait behind them.
        """
        until = self.system.now() + _CATCH_UP_SECONDS
        while self._too_early and self.system.now() < until:
            self._hear(self._too_early.pop(next(iter(self._too_early))))
        if self._too_early:
            self.delay(0.0, self._catch_up)

    @handles(RegistryApplied)
    def registry_applied(self, sender: Pid, message: RegistryApplied) -> None:
        """Go on with what waited for it."""
        then = self._waiting.pop(message.request_id, None)
        if then is not None:
            then(message)
