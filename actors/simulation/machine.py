"""The machine under a simulated node: power, one process that can be killed or stopped, clocks and a disk."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod

from actors.simulation.agenda import Act
from actors.simulation.clock import SimulatedClock
from actors.simulation.connection import End
from actors.simulation.disk import SimulatedDisk
from actors.simulation.world import World
from transport.envelope import Envelope
from transport.pid import Address

#: The longest pause before a turn, in seconds; half of it on average.
TURN_SECONDS = 20e-6
#: Within so many seconds after a pause all that waited for its end happens.
_CATCH_UP_SECONDS = 1e-3


class PowerLoss(BaseException):
    """Unwinds a turn in whose midst the machine died; code that catches Exception does not see it."""


class Machine(ABC):
    """What a node runs on. Its disk survives everything, less what was not synced; its process does not."""

    def __init__(self, world: World, address: Address) -> None:
        self.name = address.host
        self.address = address
        self.clock = SimulatedClock(world.agenda, world.rng(f"{self.name}/clock"))
        self.disk = SimulatedDisk(world.rng(f"{self.name}/disk"), fault=self.fault, written=world.history.mix)
        #: Chance for processes; another with each life.
        self.rng: random.Random = world.rng(f"{self.name}/0")
        #: Which life of the process this is, from 1.
        self.incarnation = 0
        #: Whether the process lives.
        self.up = False
        self.paused = False
        #: The newest leader's epoch that the node knows; it goes with every message to another node.
        self.epoch = 0
        #: False from a loss of power to the restart.
        self.has_power = True
        #: Whether the last death was a loss of power.
        self.lost_power = False
        #: The longest pause before a turn, in seconds; more makes a slow machine.
        self.turn_seconds = TURN_SECONDS
        #: This machine's ends of its connections, for the network.
        self.ends: dict[tuple[str, int], End] = {}
        #: Turns and timers that wait for the end of a pause.
        self.late_turns: list[tuple[Act, object]] = []
        self.now = self.clock.now
        self.wall = self.clock.wall
        self._world = world
        self._late_arrivals: list[tuple[Act, object]] = []
        self._unwinding = False

    def crash(self) -> None:
        """Lose power: nothing is finished, the disk keeps what was synced, peers are not told."""
        if self.up:
            self.has_power = False
            self.lost_power = True
            self.disk.lose_power()
            self._die()

    def kill_process(self) -> None:
        """Kill the operating system's process (SIGKILL): the disk keeps everything, peers are told."""
        if self.up:
            self.lost_power = False
            self._die()

    def pause(self) -> None:
        """Stop in place (SIGSTOP): no turns; what happens meanwhile is noticed later.

        A turn that is under way ends first; what it still sends leaves after the pause.
        """
        if self.up and not self.paused:
            self.paused = True
            self._world.network.refresh()

    def resume(self) -> None:
        """Go on (SIGCONT)."""
        if not self.paused:
            return
        self.paused = False
        agenda = self._world.agenda
        for act, argument in self._late_arrivals:  # in order, as they came
            agenda.after(0.0, act, argument)
        for act, argument in self.late_turns:
            agenda.after(self._world.chance() * _CATCH_UP_SECONDS, act, argument)
        self._late_arrivals.clear()
        self.late_turns.clear()
        self._world.network.refresh()

    def hurry(self) -> None:
        """Be no slow machine any more."""
        self.turn_seconds = TURN_SECONDS

    def defer(self, act: Act, argument: object) -> None:
        """Call `act(argument)` once the pause is over, after what came before it."""
        self._late_arrivals.append((act, argument))

    @abstractmethod
    def receive(self, envelope: Envelope) -> None:
        """Take a message from another node."""

    @abstractmethod
    def broken(self, address: Address, reason: str) -> None:
        """Take note that the connection with another node is lost."""

    @abstractmethod
    def dropped(self, envelope: Envelope, reason: str) -> None:
        """Take note of a message that never arrived."""

    def fault(self, point: str) -> None:
        """See `System.fault`."""
        if self._unwinding:
            raise PowerLoss
        was_up = self.up
        for action in self._world.points.strike(point, self.name):
            if isinstance(action, Exception):
                raise action
            action(self)
        if was_up and not self.up:
            self._unwinding = True
            raise PowerLoss

    def unwound(self) -> None:
        """The turn in which the machine died has come to its end."""
        self._unwinding = False

    def _boot(self) -> None:
        """Begin another life."""
        if self.up:
            raise ValueError(f"node {self.name} is up: crash, kill or stop it first")
        if not self.has_power:
            self.clock.boot()
        self.has_power = self.up = True
        self.paused = self._unwinding = False
        self.incarnation += 1
        self.epoch = 0
        self.rng = self._world.rng(f"{self.name}/{self.incarnation}")
        self._world.network.refresh()

    def _die(self) -> None:
        self.up = self.paused = False
        self._late_arrivals.clear()
        self.late_turns.clear()
        self._world.network.died(self)
