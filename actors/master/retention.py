"""For how long agents are remembered that are unreachable or gone (`--registry_max_agent_…`)."""

from __future__ import annotations

from collections.abc import Mapping

from actors.master.cluster import Cluster
from actors.master.flags import MasterFlags
from actors.master.membership import Membership
from actors.master.world import World
from transport.messages.registry import PruneAgents, RegistryApplied
from transport.records.time_info import TimeInfo


class Retention:
    """Has the registry forget, from time to time, the agents that it need not remember any more."""

    def __init__(self, world: World, cluster: Cluster, flags: MasterFlags, members: Membership) -> None:
        self._world = world
        self._cluster = cluster
        self._members = members
        self._interval_seconds = flags.registry_gc_interval.seconds
        self._max_age_nanoseconds = flags.registry_max_agent_age.nanoseconds
        self._max_count = flags.registry_max_agent_count

    def begin(self) -> None:
        """Look again after the interval, and so on."""
        self._world.delay(self._interval_seconds, self._collect)

    def _collect(self) -> None:
        self.begin()
        before = round(self._world.wall() * 1e9) - self._max_age_nanoseconds
        cluster = self._cluster
        prune = PruneAgents(
            unreachable=outdated(cluster.unreachable, before, self._max_count),
            gone=outdated(cluster.gone, before, self._max_count),
        )
        if prune.unreachable or prune.gone:
            # What is said of an agent meanwhile comes later in the registry too, so neither undoes the other.
            self._world.save(prune, lambda applied: self._pruned(prune, applied))

    def _pruned(self, prune: PruneAgents, applied: RegistryApplied) -> None:
        assert applied.error is None, applied.error
        for agent_id in prune.unreachable:
            if self._cluster.unreachable.pop(agent_id, None) is not None:
                self._members.forget(agent_id)
        for agent_id in prune.gone:
            self._cluster.gone.pop(agent_id, None)
        self._world.log.info("agents forgotten", unreachable=len(prune.unreachable), gone=len(prune.gone))


def outdated(agents: Mapping[str, TimeInfo], before: int, max_count: int) -> tuple[str, ...]:
    """Of agents, the longest absent first: those since before a time in nanoseconds, and those too many."""
    too_many = len(agents) - max_count
    return tuple(
        agent_id
        for place, (agent_id, since) in enumerate(agents.items())
        if place < too_many or since.nanoseconds < before
    )
