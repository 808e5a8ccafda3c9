"""What should have shown some effect by now: a message that got lost must not be waited for for ever.

Connections lose nothing unless they break, and that is noticed; but a mailbox may be full, and whatever else
may happen (reliability.md R9).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from actors.master.cluster import Cluster
from actors.master.task import TaskEntry
from actors.master.world import World
from transport.messages.launching import ReconcileAgentOperations
from transport.messages.membership import AgentReconciliation, ReconcileTasks
from transport.messages.scheduling import OffersOutstanding
from transport.records.task_status import TaskStatus

#: So many ids go into one message.
_MOST: Final = 1000


class OverdueDesk:
    """Looks now and then; what it saw the last time, too, is overdue."""

    def __init__(self, world: World, cluster: Cluster) -> None:
        self._world = world
        self._cluster = cluster
        self._launches: dict[tuple[str, str], TaskEntry] = {}
        self._operations: dict[bytes, None] = {}
        self._offers: dict[str, None] = {}

    def look(self) -> None:
        """Ask agents for launches and operations, and schedulers for offers, that nothing was heard of."""
        self._ask_for_launches()
        self._ask_for_operations()
        self._ask_schedulers()

    def _ask_for_launches(self) -> None:
        overdue: defaultdict[str, defaultdict[str, list[TaskStatus]]] = defaultdict(lambda: defaultdict(list))
        for key, task in self._cluster.staging.items():
            if self._launches.get(key) is task:
                record = task.record
                status = TaskStatus(
                    task_id=record.task_id, state=record.state, executor_id=record.executor_id
                )
                overdue[task.agent_id][task.framework_id].append(status)
        self._launches = dict(self._cluster.staging)
        for agent_id, by_framework in overdue.items():
            agent = self._cluster.agents[agent_id]
            reconciliations = tuple(
                AgentReconciliation(
                    framework_id=framework_id,
                    statuses=tuple(statuses[:_MOST]),
                    partition_aware=self._cluster.frameworks[framework_id].partition_aware,
                )
                for framework_id, statuses in by_framework.items()
            )
            if agent.connected:
                self._world.send(agent.pid, ReconcileTasks(reconciliations))

    def _ask_for_operations(self) -> None:
        pending: dict[bytes, None] = {}
        for agent in self._cluster.agents.values():
            under_way = [uuid for uuid, operation in agent.operations.items() if not operation.terminal]
            overdue = tuple(uuid for uuid in under_way if uuid in self._operations)
            if overdue and agent.connected:
                self._world.send(agent.pid, ReconcileAgentOperations(overdue[:_MOST]))
            pending |= dict.fromkeys(under_way)
        self._operations = pending

    def _ask_schedulers(self) -> None:
        for framework in self._cluster.frameworks.values():
            old = [offer_id for offer_id in framework.offers if offer_id in self._offers]
            if old and framework.connected and framework.pid is not None:
                self._world.send(framework.pid, OffersOutstanding(tuple(old[:_MOST])))
        self._offers = dict.fromkeys(self._cluster.offers)
