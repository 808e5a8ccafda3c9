"""A cluster in one thread and virtual time: what a test builds, runs, disturbs and asks."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from actors.simulation import tracing
from actors.simulation.chaos import Chaos
from actors.simulation.faults import Faults
from actors.simulation.filters import Drop, Filter, Hold, Where, Whom
from actors.simulation.history import FOLD_AT, History
from actors.simulation.journal import Journal
from actors.simulation.network import Direction, Network
from actors.simulation.node import Boot, SimulatedNode
from actors.simulation.plan import Plan
from actors.simulation.points import Action, Armed, FaultPoint
from actors.simulation.world import Crash, World
from actors.trace.tracer import Tracer
from transport.envelope import Envelope
from transport.limits import Limits
from transport.pid import Address

M = TypeVar("M")
#: A node, or its name.
Whose = SimulatedNode | str
#: What may happen at a fault point: by its name, or as `points.Action` says.
Harm = Action | Literal["crash", "kill", "pause", "error"]

#: The port of a node that is given no other.
PORT = 5050
_MAILBOX_BOUND = 65_536
_NAMED_ACTIONS = MappingProxyType(
    {"crash": SimulatedNode.crash, "kill": SimulatedNode.kill_process, "pause": SimulatedNode.pause}
)


class Simulation:
    """Runs nodes full of actors; everything that happens follows from `seed` and the calls made here.

    `faults` hold on every connection, `limits` are those of the real router. With `use_codec` every
    message between nodes is encoded and decoded, so that one that cannot travel is found; with `trace`
    each node has a Tracer. `fatal` are the exceptions that fail the run where others would only crash the
    actor that raised them; `turns_kept` is how much history is kept (None: all).
    """

    def __init__(
        self,
        seed: int,
        *,
        faults: Faults | None = None,
        limits: Limits | None = None,
        use_codec: bool = True,
        trace: bool = False,
        fatal: tuple[type[Exception], ...] = (AssertionError,),
        turns_kept: int | None = 10_000,
    ) -> None:
        self.seed = seed
        self._trace = trace
        self._world = World(seed, turns_kept, fatal)
        self._network = self._world.network = Network(
            self._world.agenda,
            self._world.rng("network"),
            faults=faults or Faults(),
            limits=limits or Limits(),
            use_codec=use_codec,
            carried=self._world.history.mix,
        )
        self._nodes: dict[str, SimulatedNode] = {}
        self._chaos: list[Chaos] = []
        self._running = False

    # The cluster.

    def node(
        self,
        name: str,
        boot: Boot | None = None,
        *,
        port: int = PORT,
        mailbox_bound: int = _MAILBOX_BOUND,
        restart_seconds: float | None = None,
    ) -> SimulatedNode:
        """Add a node, whose host bears its name, and start it.

        `boot(node)` spawns its actors, now and after every restart. A node that ends itself because a vital
        actor is lost comes back `restart_seconds` later, or (None) when it is restarted.
        """
        if name in self._nodes:
            raise ValueError(f"node {name!r}: there is one of that name already")
        address = Address(name, port)
        node = SimulatedNode(
            self._world,
            address,
            boot,
            mailbox_bound=mailbox_bound,
            restart_seconds=restart_seconds,
        )
        if self._trace:
            node.tracer = tracing.make_tracer(self._world, str(address), len(self._nodes))
        self._nodes[name] = self._network.nodes[address] = node
        node.start()
        return node

    @property
    def nodes(self) -> tuple[SimulatedNode, ...]:
        """All nodes, in the order in which they were added."""
        return tuple(self._nodes.values())

    # Time.

    @property
    def now(self) -> float:
        """Virtual seconds since the beginning, by a clock that no node has."""
        return self._world.agenda.now

    def run(self, seconds: float) -> None:
        """Let so much virtual time go by."""
        agenda = self._world.agenda
        until = agenda.now + seconds
        self._enter()
        try:
            while agenda.advance(until, FOLD_AT):
                self._tidy()
        finally:
            self._running = False
        self._tidy()

    def run_until(self, predicate: Callable[[], object], timeout_seconds: float = 60.0) -> None:
        """Run until `predicate()` is true, which is asked after every event.

        Raises SimulationFailure when that takes more virtual time than it may.
        """
        name = getattr(predicate, "__name__", repr(predicate))
        self._run_until(predicate, timeout_seconds, f"{name} is not true")

    def step(self) -> bool:
        """Run the next event, if there is one."""
        heap = self._world.agenda.heap
        if not heap:
            return False
        self._world.agenda.advance(heap[0][0], 1)
        self._tidy()
        return True

    # Messages.

    def drop(
        self,
        message_type: type | None = None,
        *,
        sender: Whom = None,
        to: Whom = None,
        where: Where = None,
        times: int | None = None,
    ) -> Drop:
        """Lose messages of that type, or of all: the first so many, or all of them."""
        drop = Drop(Filter(message_type, sender, to, where), times)
        self._world.filters.append(drop)
        return drop

    def hold(
        self,
        message_type: type | None = None,
        *,
        sender: Whom = None,
        to: Whom = None,
        where: Where = None,
    ) -> Hold:
        """Keep messages of that type back until `release` is called on the answer; others overtake them."""
        hold = Hold(Filter(message_type, sender, to, where), self._deliver)
        self._world.filters.append(hold)
        return hold

    def wait_for(
        self,
        message_type: type[M],
        *,
        sender: Whom = None,
        to: Whom = None,
        where: Where = None,
        timeout_seconds: float = 60.0,
    ) -> M:
        """Run until the next such message was handled, and return it.

        Raises SimulationFailure when that takes more virtual time than it may.
        """
        means = Filter(message_type, sender, to, where)
        found: list[Any] = []

        def observe(_node: SimulatedNode, envelope: Envelope) -> None:
            if means.matches(envelope):
                found.append(envelope.message)

        self._world.observers.append(observe)
        try:
            self._run_until(lambda: found, timeout_seconds, f"there was no {means}")
        finally:
            self._world.observers.remove(observe)
        message: M = found[0]
        return message

    # Faults of the network.

    def set_faults(self, faults: Faults, *, sender: Whose | None = None, to: Whose | None = None) -> None:
        """Have messages treated so from now on: those from or to a node, or all that have no such faults."""
        everywhere = sender is None and to is None
        self._network.set_faults(faults, None if everywhere else self._directions(sender, to))

    def partition(self, *groups: Iterable[Whose]) -> None:
        """Let nothing pass between the groups, in silence; a single group is cut off from all the rest."""
        members = [{self._node(node).name for node in group} for group in groups]
        sides = [[name for name in self._nodes if name in names] for names in members]
        if len(sides) == 1:
            sides.append([name for name in self._nodes if name not in sides[0]])
        for one, other in itertools.permutations(sides, 2):
            self._network.cut(itertools.product(one, other))

    def cut(self, sender: Whose, to: Whose) -> None:
        """Let nothing pass from one node to another; the other way stays open."""
        self._network.cut(self._directions(sender, to))

    def heal(self) -> None:
        """Undo every `partition` and `cut`."""
        self._network.mend()

    def disconnect(self, one: Whose, other: Whose) -> None:
        """Reset the connection between two nodes: what is under way is lost, both are told."""
        self._network.disconnect(self._node(one), self._node(other))

    # Faults of nodes; see `SimulatedNode` for those of one alone.

    def crash(self, node: Whose) -> None:
        """Have a node lose its power: no actor finishes anything, unsynced writes are lost or torn."""
        self._node(node).crash()

    def restart(self, node: Whose) -> None:
        """Boot a node that is down, from its disk."""
        self._node(node).restart()

    def pause(self, node: Whose) -> None:
        """Stop a node in place, as SIGSTOP does."""
        self._node(node).pause()

    def resume(self, node: Whose) -> None:
        """Let a paused node go on."""
        self._node(node).resume()

    def arm(
        self,
        point: str,
        *,
        node: Whose | None = None,
        nth: int = 1,
        action: Harm = "crash",
    ) -> Armed:
        """Have something happen where code says `system.fault(point)`, the `nth` time from now.

        The node loses power, is killed or paused; an OSError (EIO) or the given exception is raised there;
        or the given function is called with the node.
        """
        if isinstance(action, str):
            action = _NAMED_ACTIONS.get(action) or OSError(errno.EIO, os.strerror(errno.EIO), point)
        where = None if node is None else node if isinstance(node, str) else node.name
        return self._world.points.arm(Armed(point, where, nth, action))

    def fault_points(self) -> tuple[FaultPoint, ...]:
        """Every point passed so far, and how often by which node."""
        return self._world.points.passed()

    def chaos(self, plan: Plan | None = None) -> Plan:
        """Have faults of all kinds happen from now on, by the plan or one drawn from the seed; returns it."""
        chaos = Chaos(self._world, self._network, self.nodes, plan)
        self._chaos.append(chaos)
        return chaos.plan

    def quiet(self) -> None:
        """End all faults: from now on, what the nodes are there for must come about.

        Chaos stops, the network is good, disks are in order, every node is up. Filters stay.
        """
        for chaos in self._chaos:
            chaos.stop()
        self._chaos.clear()
        self._world.points.disarm()
        self._network.calm()
        for node in self.nodes:
            node.recover()

    # What came of it.

    def always(self, check: Callable[[], object]) -> None:
        """Call `check` after every turn of every node; the run fails when it raises.

        A process that has a method `check_invariants` need not be named here: it is called after each of
        the process's own turns, since nothing else can change it.
        """
        whose = getattr(check, "__qualname__", repr(check))
        self._world.observers.append(lambda _node, _envelope: self._world.check(check, whose))

    def observe(self, observer: Callable[[SimulatedNode, Envelope], None]) -> None:
        """Show `observer` each message right after the turn that handled it, and where that was."""
        self._world.observers.append(observer)

    @property
    def history(self) -> History:
        """The turns that were."""
        return self._world.history

    @property
    def log(self) -> Journal:
        """What the actors logged."""
        return self._world.journal

    @property
    def crashes(self) -> tuple[Crash, ...]:
        """The exceptions that ended actors."""
        return tuple(self._world.crashes)

    @property
    def replay(self) -> str:
        """How to see it again, as reports of failures say it."""
        return self._world.replay

    @replay.setter
    def replay(self, how: str) -> None:
        self._world.replay = how

    def digest(self) -> str:
        """A hash of the history: two runs that differ in anything seen from outside differ in it."""
        return self._world.history.digest()

    def report(self, reason: str) -> str:
        """What a failure for `reason` would say: the seed, the time, the last turns, how to replay."""
        return self._world.report(reason)

    def story(self, identifier: str, columns: int = 100) -> str:
        """A diagram of all messages that have to do with an id or an actor; needs `trace`."""
        return tracing.story(self._tracers(), identifier, columns)

    def write_trace(self, directory: Path) -> None:
        """Write trace files, to be looked at by `pion trace … --trace_dir`; needs `trace`."""
        tracing.write(self._tracers(), directory)

    # How it works.

    def _tracers(self) -> list[Tracer]:
        tracers = [node.tracer for node in self.nodes if node.tracer is not None]
        if not tracers:
            raise ValueError("nothing is traced: make the simulation with trace=True")
        return tracers

    def _enter(self) -> None:
        if self._running:
            raise RuntimeError("the simulation runs already: an actor or a check must not run it")
        self._running = True

    def _run_until(self, predicate: Callable[[], object], timeout_seconds: float, missed: str) -> None:
        agenda = self._world.agenda
        deadline = agenda.now + timeout_seconds
        events = 0
        self._enter()
        try:
            while not predicate():
                if not agenda.advance(deadline, 1):
                    if predicate():
                        return
                    self._world.fail(f"{missed} after {timeout_seconds:g} s")
                events += 1
                if not events % FOLD_AT:
                    self._tidy()
        finally:
            self._running = False

    def _tidy(self) -> None:
        self._world.history.fold()
        self._world.agenda.sweep()

    def _deliver(self, envelope: Envelope) -> None:
        node = self._network.nodes.get(envelope.to.address)
        if node is not None:
            node.receive(envelope)

    def _node(self, node: Whose) -> SimulatedNode:
        if isinstance(node, SimulatedNode):
            return node
        found = self._nodes.get(str(node))
        if found is None:
            raise LookupError(f"there is no node {node!r}")
        return found

    def _directions(self, sender: Whose | None, to: Whose | None) -> list[Direction]:
        senders = list(self._nodes) if sender is None else [self._node(sender).name]
        receivers = list(self._nodes) if to is None else [self._node(to).name]
        return [(one, other) for one in senders for other in receivers if one != other]
