"""Faults at random: which kinds, how often and where all follow from the seed."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from actors.simulation.disk import Operation
from actors.simulation.faults import Faults
from actors.simulation.machine import TURN_SECONDS
from actors.simulation.network import Direction, Network
from actors.simulation.plan import Plan
from actors.simulation.points import Armed
from actors.simulation.world import World

if TYPE_CHECKING:
    from actors.simulation.node import SimulatedNode

_DISK_OPERATIONS: tuple[Operation, ...] = ("write", "append", "sync", "sync_folder", "rename")
_DISK_ERRORS = (errno.EIO, errno.ENOSPC)
_WORST_CHANCE = 0.3
_LONGEST_DELAY_SECONDS = 0.5
_LARGEST_DRIFT = 0.02
_LARGEST_JUMP_SECONDS = 1e7
_SLOWDOWN = 500.0


class Chaos:
    """Carries a plan out until it is told to stop."""

    def __init__(
        self, world: World, network: Network, nodes: Sequence[SimulatedNode], plan: Plan | None
    ) -> None:
        self._world = world
        self._network = network
        self._nodes = nodes
        self._rng = world.rng(f"chaos/{world.agenda.now}")
        self.plan = Plan.swarm(self._rng) if plan is None else plan
        self._stopped = False
        self._strikes: dict[str, Callable[[], None]] = {
            "crash_seconds": self._crash,
            "kill_seconds": self._kill,
            "strike_seconds": self._strike_at_a_point,
            "pause_seconds": self._pause,
            "slow_seconds": self._slow,
            "partition_seconds": self._partition,
            "cut_seconds": self._cut,
            "disconnect_seconds": self._disconnect,
            "weather_seconds": self._weather,
            "jump_seconds": self._jump,
            "drift_seconds": self._drift,
            "disk_error_seconds": self._disk_error,
            "actor_seconds": self._crash_actor,
        }
        # When it last crashed which actor.
        self._crashed: dict[tuple[str, str], float] = {}
        for kind in self._strikes:
            self._plan_next(kind)

    def stop(self) -> None:
        """Do no further harm, nor end any."""
        self._stopped = True

    def _plan_next(self, kind: str) -> None:
        mean_seconds = getattr(self.plan, kind)
        if mean_seconds > 0.0:
            self._world.agenda.after(self._rng.expovariate(1.0 / mean_seconds), self._strike, kind)

    def _strike(self, kind: str) -> None:
        if not self._stopped:
            self._strikes[kind]()
            self._plan_next(kind)

    def _lasting(self) -> float:
        least, most = self.plan.lasting_seconds
        return least + (most - least) * self._rng.random() ** 3

    def _later(self, undo: Callable[[], object]) -> None:
        # Whatever `quiet` has ended, a test may have begun again.
        self._world.agenda.after(self._lasting(), lambda _: None if self._stopped else undo())

    # Whom it may befall.

    def _any_node(self) -> SimulatedNode | None:
        """A node that is well."""
        well = [node for node in self._nodes if _is_well(node) and node.name not in self.plan.spared]
        return self._rng.choice(well) if well else None

    def _any_to_fall(self) -> SimulatedNode | None:
        """A node that is well and may go down."""
        node = self._any_node()
        return node if node is not None and self._may_fall(node) else None

    def _may_fall(self, node: SimulatedNode) -> bool:
        down = sum(not _is_well(other) for other in self._nodes)
        return node.boots and node.name not in self.plan.spared and down < self.plan.most_down

    def _any_two(self) -> tuple[SimulatedNode, SimulatedNode] | None:
        if len(self._nodes) < 2:
            return None
        one, other = self._rng.sample(self._nodes, 2)
        return one, other

    # What befalls them.

    def _crash(self) -> None:
        if node := self._any_to_fall():
            node.crash()
            node.restart_after(self._lasting())

    def _kill(self) -> None:
        if node := self._any_to_fall():
            node.kill_process()
            node.restart_after(self._lasting())

    def _strike_at_a_point(self) -> None:
        """Lose power in the midst of a turn, at a place that code has named."""
        names = [node.name for node in self._nodes if self._may_fall(node)]
        passed = [place for place in self._world.points.passed() if place.node in names]
        if passed:
            place = self._rng.choice(passed)
            armed = Armed(place.point, place.node, self._rng.randint(1, 3), self._crash_if_allowed)
            self._world.points.arm(armed)

    def _crash_if_allowed(self, node: SimulatedNode) -> None:
        if self._may_fall(node):
            node.crash()
            node.restart_after(self._lasting())

    def _pause(self) -> None:
        down = sum(not _is_well(node) for node in self._nodes)
        node = self._any_node()
        if node is not None and down < self.plan.most_down:
            node.pause()
            self._later(node.resume)

    def _slow(self) -> None:
        if node := self._any_node():
            node.turn_seconds = TURN_SECONDS * self._rng.uniform(1.0, _SLOWDOWN)
            self._later(node.hurry)

    def _partition(self) -> None:
        names = [node.name for node in self._nodes]
        self._rng.shuffle(names)
        middle = self._rng.randint(1, max(1, len(names) - 1))
        pairs = list(itertools.product(names[:middle], names[middle:]))
        self._cut_for_a_while([*pairs, *((other, one) for one, other in pairs)])

    def _cut(self) -> None:
        if two := self._any_two():
            self._cut_for_a_while([(two[0].name, two[1].name)])

    def _cut_for_a_while(self, directions: list[Direction]) -> None:
        self._network.cut(directions)
        self._later(lambda: self._network.mend(directions))

    def _disconnect(self) -> None:
        if two := self._any_two():
            self._network.disconnect(*two)

    def _weather(self) -> None:
        if two := self._any_two():
            chance = self._rng.uniform
            delays = sorted(chance(0.0, _LONGEST_DELAY_SECONDS) for _ in range(2))
            faults = Faults(
                delay_seconds=(delays[0], delays[1]),
                loss=chance(0.0, _WORST_CHANCE),
                duplicate=chance(0.0, _WORST_CHANCE),
                reorder=chance(0.0, _WORST_CHANCE),
                reorder_seconds=chance(0.0, 2.0),
            )
            directions = [(two[0].name, two[1].name)]
            self._network.set_faults(faults, directions)
            self._later(lambda: self._network.clear_faults(directions))

    def _jump(self) -> None:
        if node := self._any_node():
            node.clock.jump(self._rng.choice((-1.0, 1.0)) * _LARGEST_JUMP_SECONDS ** self._rng.random())

    def _drift(self) -> None:
        if node := self._any_node():
            node.drift(self._rng.uniform(1.0 - _LARGEST_DRIFT, 1.0 + _LARGEST_DRIFT))
            self._later(node.set_clock_right)

    def _disk_error(self) -> None:
        if node := self._any_node():
            operation = self._rng.choice(_DISK_OPERATIONS)
            node.disk.fail(operation, nth=self._rng.randint(1, 5), error=self._rng.choice(_DISK_ERRORS))

    def _crash_actor(self) -> None:
        """Crash an actor, not so often that its supervisor would have to give it up."""
        node = self._any_node()
        if node is None:
            return
        now = self._world.agenda.now
        mortal = [
            (name, restart)
            for name, restart in node.restartable()
            if now - self._crashed.get((node.name, name), -restart.period_seconds) >= restart.period_seconds
        ]
        if mortal:
            name, _ = self._rng.choice(mortal)
            self._crashed[node.name, name] = now
            node.kill(name)


def _is_well(node: SimulatedNode) -> bool:
    return node.up and not node.paused
