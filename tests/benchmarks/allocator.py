"""The allocator: rounds, single events, filters, quotas and growth; against a loop that keeps no books.

All is arithmetic of one thread, so it is measured in seconds of the processor: what else the machine does
counts as little as may be.
"""

from __future__ import annotations

import gc
import heapq
import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from actors.master.allocator.allocator import Allocation
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.quota import Quota
from actors.master.allocator.refusals import Refusals
from tests.benchmarks.figure import Figure, Size, alone, at_most, compared, in_turns, median_of
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.offer import Filters
from transport.records.resources import Resources

_Capability = FrameworkInfo.Capability
_CAPABILITIES = tuple(
    _Capability(type=each) for each in (_Capability.Type.MULTI_ROLE, _Capability.Type.RESERVATION_REFINEMENT)
)
_AGENT_CAPABILITIES = tuple(AgentInfo.Capability.Type)
_LONG = Filters(refuse_seconds=1e6)


class Offered(NamedTuple):
    framework_id: str
    agent_id: str
    resources: Resources


class Cluster:
    """An allocator with agents and frameworks, and what it offered last."""

    def __init__(self) -> None:
        self.allocator = HierarchicalAllocator()
        self.rng = Random(1)
        self.now = 0.0
        self.offered: list[Offered] = []

    def add_frameworks(self, count: int, roles: list[str]) -> None:
        for number in range(count):
            info = FrameworkInfo(
                user="user", name="name", roles=(roles[number % len(roles)],), capabilities=_CAPABILITIES
            )
            self.allocator.add_framework(f"framework-{number}", info)

    def add_agents(self, totals: list[Resources]) -> None:
        for number, total in enumerate(totals):
            self.add_agent(number, total)

    def add_agent(self, number: int, total: Resources) -> None:
        info = AgentInfo(hostname=f"host-{number}")
        self.allocator.add_agent(f"agent-{number}", info, _AGENT_CAPABILITIES, total)

    def round(self) -> float:
        """Seconds that a run over all agents takes."""
        gc.collect()
        self.now += 1.0
        begin = time.process_time()
        allocation = self.allocator.allocate(self.now, self.rng)
        seconds = time.process_time() - begin
        self.note(allocation)
        return seconds

    def note(self, allocation: Allocation) -> None:
        self.offered += [
            Offered(framework_id, agent_id, resources)
            for framework_id, roles in allocation.offers.items()
            for agents in roles.values()
            for agent_id, resources in agents.items()
        ]

    def take_back(self, filters: Filters | None = None) -> None:
        """Recover all that was offered."""
        for framework_id, agent_id, resources in self.offered:
            self.allocator.recover(framework_id, agent_id, resources, filters, self.now)
        self.offered.clear()

    def fresh_round(self) -> float:
        self.take_back()
        return self.round()


def usual_totals(count: int, roles: list[str]) -> list[Resources]:
    """Agents of a few sizes, each third one with something reserved for a role."""
    rng = Random(2)
    totals = []
    for number in range(count):
        text = f"cpus:{rng.choice((4, 8, 16))};mem:{rng.choice((8, 16, 32)) * 1024};disk:100000"
        text += ";ports:[31000-32000]"
        if number % 3 == 0:
            role = rng.choice(roles)
            text += f";cpus({role}):1;mem({role}):1024"
        totals.append(Resources.parse(text))
    return totals


def usual_cluster(agents: int, frameworks: int, roles: int) -> Cluster:
    names = [f"role-{number}" for number in range(roles)]
    cluster = Cluster()
    cluster.add_frameworks(frameworks, names)
    cluster.add_agents(usual_totals(agents, names))
    cluster.round()
    cluster.fresh_round()
    return cluster


def plain_loop(agents: int, frameworks: int) -> float:
    """Seconds for the arithmetic of dominant-resource fairness alone: a heap of frameworks, no books."""
    totals = [
        (total.quantities["cpus"], total.quantities["mem"], total.quantities["disk"])
        for total in usual_totals(agents, ["role"])
    ]
    cluster_cpus, cluster_mem, cluster_disk = map(sum, zip(*totals, strict=True))
    rng = Random(3)
    gc.collect()
    begin = time.process_time()
    rng.shuffle(totals)
    heap = [(0.0, 0, number, (0, 0, 0)) for number in range(frameworks)]
    for cpus, mem, disk in totals:
        _share, served, number, (held_cpus, held_mem, held_disk) = heap[0]
        held_cpus += cpus
        held_mem += mem
        held_disk += disk
        share = max(held_cpus / cluster_cpus, held_mem / cluster_mem, held_disk / cluster_disk)
        heapq.heapreplace(heap, (share, served + 1, number, (held_cpus, held_mem, held_disk)))
    return time.process_time() - begin


def figures(size: Size) -> Iterator[Figure]:
    yield from _growth(size)  # first, since it looks at the memory of the process
    yield from _rounds(size)
    yield from _quotas(size)
    yield from _as_measured_on_mesos(size)
    yield _added_one_by_one(size)


def _rounds(size: Size) -> Iterator[Figure]:
    """Ten thousand agents, a thousand frameworks in fifty roles."""
    agents, frameworks = size.of(10_000, 100), size.of(1_000, 50)
    cluster = usual_cluster(agents, frameworks, roles=50)

    def plain() -> float:
        return plain_loop(agents, frameworks) * 1e3

    def full() -> float:
        return cluster.fresh_round() * 1e3

    rounds = in_turns(full, plain, size.rounds)
    name = f"round, {agents:,} agents x {frameworks:,} frameworks in 50 roles"
    yield compared(name, "ms", "plain heap loop", rounds, at_most(10))
    yield from _events(cluster, median_of([ours for ours, _theirs in rounds]), size)
    yield _mostly_declined(cluster, size)


def _events(cluster: Cluster, full_ms: float, size: Size) -> Iterator[Figure]:
    """Something happens on one agent, and what it frees is offered at once."""
    for name, filters in (("declined offer", Filters(refuse_seconds=5.0)), ("finished task", None)):
        cluster.fresh_round()
        offered = cluster.offered
        events, cluster.offered = offered[: size.of(2_000, 100)], offered[size.of(2_000, 100) :]
        pairs = []
        for framework_id, agent_id, resources in events:
            begin = time.process_time()
            cluster.allocator.recover(framework_id, agent_id, resources, filters, cluster.now)
            allocation = cluster.allocator.allocate(cluster.now, cluster.rng, [agent_id])
            pairs.append(((time.process_time() - begin) * 1e6, full_ms * 1e3))
            cluster.note(allocation)
        yield compared(f"one {name}, re-allocated", "us", "full round", pairs, at_most(1 / 1000))


def _mostly_declined(cluster: Cluster, size: Size) -> Figure:
    """99% of all pairs of an agent and a framework are refused."""
    ledger = cluster.allocator._ledger
    subscriptions = [
        each for framework in ledger.frameworks.values() for each in framework.subscriptions.values()
    ]
    cluster.take_back()
    refusals = {}
    for agent in ledger.agents.values():
        refusals[agent.id] = refused = Refusals()
        interested = set(cluster.rng.sample(range(len(subscriptions)), max(1, len(subscriptions) // 100)))
        for number, subscription in enumerate(subscriptions):
            if number not in interested:
                refused.refuse(subscription.bit, agent.total.resources, 1e9)

    def unfiltered() -> float:
        for agent in ledger.agents.values():
            agent.refusals = None
        return cluster.fresh_round() * 1e3

    def filtered() -> float:
        for agent in ledger.agents.values():
            agent.refusals = refusals[agent.id]
        return cluster.fresh_round() * 1e3

    pairs = in_turns(filtered, unfiltered, size.rounds)
    return compared("round, 99% of pairs declined", "ms", "without filters", pairs, at_most(2))


def _growth(size: Size) -> Iterator[Figure]:
    """Five times the agents."""
    agents, frameworks = size.of(10_000, 100), size.of(1_000, 50)
    shape = f"{5 * agents:,} agents x {frameworks:,} frameworks"
    before = _resident_mb()
    large = usual_cluster(5 * agents, frameworks, roles=50)
    megabytes = _resident_mb() - before
    small = usual_cluster(agents, frameworks, roles=50)
    pairs = in_turns(lambda: large.fresh_round() * 1e3, lambda: small.fresh_round() * 1e3, size.rounds)
    yield compared(f"round, {shape}", "ms", "a fifth of the agents", pairs, at_most(6))
    yield alone(f"memory, {shape}", "MB", [megabytes])


def _quotas(size: Size) -> Iterator[Figure]:
    """Roles three deep, a framework in each; quota for half of them, a fifth of an agent or five agents."""
    count = size.of(3_000, 60)
    total = Resources.parse("cpus:2;mem:2048;disk:2048")
    for shape, roles in (
        ("three deep", [f"top-{n % 15}/middle-{n // 15 % 15}/role-{n}" for n in range(count)]),
        ("flat", [f"role-{n}" for n in range(count)]),
    ):
        cluster = Cluster()
        cluster.add_frameworks(count, roles)
        cluster.add_agents([total] * count)
        for number, role in enumerate(roles[::2]):
            cpus = 400 if number % 6 else 10_000
            quota = {"cpus": cpus, "mem": cpus * 1024, "disk": cpus * 1024}
            cluster.allocator.set_quota(role, Quota(guarantees=quota, limits=quota))
        seconds = [cluster.fresh_round() for _ in range(size.rounds)]
        name = f"round, {count:,} x {count:,}, quota for half, roles {shape}"
        yield alone(name, "s", seconds, at_most(0.5))


def _as_measured_on_mesos(size: Size) -> Iterator[Figure]:
    """The shapes that were measured on Mesos 1.3.2."""
    agents, frameworks = size.of(10_000, 100), 50
    roles = [f"role-{number}" for number in range(frameworks)]
    totals = [Resources.parse("cpus:4;mem:8192;disk:100000;ports:[31000-32000]")] * agents
    seconds = [_add_one_by_one(totals, frameworks, roles) for _ in range(size.rounds)]
    name = f"adding {agents:,} agents with {frameworks} frameworks, all offered"
    yield compared(name, "ms", "Mesos 1.3.2", [(each * 1e3, 869.0) for each in seconds], at_most(500 / 869))
    cluster = Cluster()
    cluster.add_frameworks(frameworks, roles)
    cluster.add_agents(totals[: agents // 2])
    shape = f"{agents // 2:,} x {frameworks}"
    pairs = [(cluster.fresh_round() * 1e3, 602.0) for _ in range(size.rounds)]
    yield compared(f"cycle, {shape}, all offered", "ms", "Mesos 1.3.2", pairs, at_most(60 / 602))
    for _ in range(frameworks):
        cluster.take_back(_LONG)
        cluster.round()
    cluster.take_back(_LONG)
    pairs = [(cluster.round() * 1e3, 4170.0) for _ in range(size.rounds)]
    assert not cluster.offered
    yield compared(f"cycle, {shape}, all filtered", "ms", "Mesos 1.3.2", pairs, at_most(20 / 4170))


def _added_one_by_one(size: Size) -> Figure:
    agents, frameworks = size.of(10_000, 100), size.of(1_000, 50)
    roles = [f"role-{number}" for number in range(50)]
    totals = usual_totals(agents, roles)
    seconds = [_add_one_by_one(totals, frameworks, roles) for _ in range(size.rounds)]
    name = f"adding {agents:,} agents one by one with {frameworks:,} frameworks, all offered"
    return alone(name, "s", seconds, at_most(1))


def _add_one_by_one(totals: list[Resources], frameworks: int, roles: list[str]) -> float:
    """Seconds to add agents, each of them offered before the next one comes."""
    cluster = Cluster()
    cluster.add_frameworks(frameworks, roles)
    gc.collect()
    begin = time.process_time()
    for number, total in enumerate(totals):
        cluster.add_agent(number, total)
        cluster.allocator.allocate(cluster.now, cluster.rng, [f"agent-{number}"])
    return time.process_time() - begin


def _resident_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
