"""What the master shows of itself, under Mesos' names (mesos-metrics.tsv)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

from actors.master.agent import AgentEntry
from actors.master.cluster import Cluster
from actors.metrics import Counter, Family, Gauge, Metrics, Sample, metric
from transport.messages import launching, membership, scheduling
from transport.records.operation import OperationState
from transport.records.task_status import TaskState, TaskStatus


def _count(name: str, help: str) -> Counter:  # noqa: A002
    return metric(Counter, f"master/{name}", help)


def _gauge(name: str, help: str) -> Gauge:  # noqa: A002
    return metric(Gauge, f"master/{name}", help)


class TaskEnds:
    """Counts tasks that ended by state, source and reason: `master/task_lost/source_slave/reason_…`."""

    kind: ClassVar[str] = "counter"

    def __init__(self, name: str, help: str) -> None:  # noqa: A002
        self.name = name
        self.help = help
        self._counts: dict[tuple[str, str, str], int] = {}

    def increment(
        self, state: TaskState, source: TaskStatus.Source | None, reason: TaskStatus.Reason | None
    ) -> None:
        """Count one; those without a source or a reason are not told apart."""
        if source is not None and reason is not None:
            key = state.value.lower(), _old_name(source.value), _old_name(reason.value)
            self._counts[key] = self._counts.get(key, 0) + 1

    def flat(self) -> Iterator[tuple[str, float]]:
        """Each count under Mesos' name."""
        for key, count in tuple(self._counts.items()):
            yield "/".join(("master", *key)), count

    def samples(self) -> Iterator[Sample]:
        """Each count with its labels."""
        for (state, source, reason), count in tuple(self._counts.items()):
            yield {"state": state, "source": source, "reason": reason}, count


def _old_name(name: str) -> str:
    """Metrics still call agents slaves."""
    return name.lower().replace("agent", "slave")


class MasterMetrics(Metrics):
    """The master's counters, and gauges that are read from its books when somebody asks."""

    elected: Gauge = _gauge("elected", "Whether it leads.")
    recovered: Gauge = _gauge("recovered", "Whether it leads and has read the registry.")
    uptime_secs: Gauge = _gauge("uptime_secs", "Seconds since it began.")

    tasks_finished: Counter = _count("tasks_finished", "Tasks that ended well.")
    tasks_failed: Counter = _count("tasks_failed", "Tasks that ended badly.")
    tasks_killed: Counter = _count("tasks_killed", "Tasks that were killed.")
    tasks_error: Counter = _count("tasks_error", "Tasks that were not valid.")
    tasks_lost: Counter = _count("tasks_lost", "Tasks that were lost.")
    tasks_dropped: Counter = _count("tasks_dropped", "Tasks that never started.")
    tasks_gone: Counter = _count("tasks_gone", "Tasks that their agents do not know.")
    tasks_gone_by_operator: Counter = _count("tasks_gone_by_operator", "Tasks whose agents never come back.")
    task_ends: TaskEnds = metric(TaskEnds, "master/task_ends", "Tasks that ended, and why.")
    tasks_staging: Gauge = _gauge("tasks_staging", "Tasks that are being launched.")
    tasks_starting: Gauge = _gauge("tasks_starting", "Tasks that start.")
    tasks_running: Gauge = _gauge("tasks_running", "Tasks that run.")
    tasks_killing: Gauge = _gauge("tasks_killing", "Tasks that are being killed.")
    tasks_unreachable: Gauge = _gauge("tasks_unreachable", "Tasks whose agents are out of reach.")

    slaves_connected: Gauge = _gauge("slaves_connected", "Registered agents whose link holds.")
    slaves_disconnected: Gauge = _gauge("slaves_disconnected", "Registered agents whose link broke.")
    slaves_active: Gauge = _gauge("slaves_active", "Agents that may be offered.")
    slaves_inactive: Gauge = _gauge("slaves_inactive", "Registered agents that may not be offered.")
    slaves_unreachable: Gauge = _gauge("slaves_unreachable", "Agents out of reach.")
    slave_registrations: Counter = _count("slave_registrations", "Agents that got an id.")
    slave_reregistrations: Counter = _count("slave_reregistrations", "Agents that came back.")
    slave_removals: Counter = _count("slave_removals", "Agents that were removed, for any reason.")
    slave_removals_registered: Counter = _count(
        "slave_removals/reason_registered", "Agents that gave way to another one on their host."
    )
    slave_removals_unhealthy: Counter = _count(
        "slave_removals/reason_unhealthy", "Agents that left their pings unanswered."
    )
    slave_removals_unregistered: Counter = _count(
        "slave_removals/reason_unregistered", "Agents that unregistered."
    )
    slave_unreachable_scheduled: Counter = _count(
        "slave_unreachable_scheduled", "Agents that were to be given up."
    )
    slave_unreachable_canceled: Counter = _count(
        "slave_unreachable_canceled", "Agents that answered just before they were given up."
    )
    slave_unreachable_completed: Counter = _count("slave_unreachable_completed", "Agents that were given up.")
    recovery_slave_removals: Counter = _count(
        "recovery_slave_removals", "Agents that did not come back after a failover."
    )

    frameworks_connected: Gauge = _gauge("frameworks_connected", "Frameworks whose scheduler is there.")
    frameworks_disconnected: Gauge = _gauge("frameworks_disconnected", "Frameworks without their scheduler.")
    frameworks_active: Gauge = _gauge("frameworks_active", "Frameworks that may be offered resources.")
    frameworks_inactive: Gauge = _gauge("frameworks_inactive", "Frameworks that may not.")
    outstanding_offers: Gauge = _gauge("outstanding_offers", "Offers that are not answered yet.")

    dropped_messages: Counter = _count("dropped_messages", "Messages that came before the registry.")
    messages_register_framework: Counter = _count(
        "messages_register_framework", "Subscriptions of new frameworks."
    )
    messages_reregister_framework: Counter = _count(
        "messages_reregister_framework", "Subscriptions of frameworks with an id."
    )
    messages_unregister_framework: Counter = _count("messages_unregister_framework", "Teardown calls.")
    messages_launch_tasks: Counter = _count("messages_launch_tasks", "Accept calls.")
    messages_decline_offers: Counter = _count("messages_decline_offers", "Decline calls.")
    messages_revive_offers: Counter = _count("messages_revive_offers", "Revive calls.")
    messages_suppress_offers: Counter = _count("messages_suppress_offers", "Suppress calls.")
    messages_resource_request: Counter = _count("messages_resource_request", "Request calls.")
    messages_kill_task: Counter = _count("messages_kill_task", "Kill calls.")
    messages_reconcile_tasks: Counter = _count("messages_reconcile_tasks", "Reconcile calls.")
    messages_reconcile_operations: Counter = _count(
        "messages_reconcile_operations", "Reconcile calls for operations."
    )
    messages_status_update_acknowledgement: Counter = _count(
        "messages_status_update_acknowledgement", "Acknowledge calls."
    )
    messages_operation_status_update_acknowledgement: Counter = _count(
        "messages_operation_status_update_acknowledgement", "Acknowledge calls for operations."
    )
    messages_framework_to_executor: Counter = _count(
        "messages_framework_to_executor", "Messages of schedulers."
    )
    messages_executor_to_framework: Counter = _count(
        "messages_executor_to_framework", "Messages of executors."
    )
    messages_register_slave: Counter = _count("messages_register_slave", "Registrations of agents.")
    messages_reregister_slave: Counter = _count("messages_reregister_slave", "Re-registrations of agents.")
    messages_unregister_slave: Counter = _count("messages_unregister_slave", "Farewells of agents.")
    messages_update_slave: Counter = _count("messages_update_slave", "Updates of agents' resources.")
    messages_status_update: Counter = _count("messages_status_update", "Updates of tasks.")
    messages_operation_status_update: Counter = _count(
        "messages_operation_status_update", "Updates of operations."
    )
    messages_exited_executor: Counter = _count("messages_exited_executor", "Executors that ended.")
    valid_status_updates: Counter = _count("valid_status_updates", "Updates of known tasks.")
    invalid_status_updates: Counter = _count("invalid_status_updates", "Updates of unknown tasks.")
    valid_status_update_acknowledgements: Counter = _count(
        "valid_status_update_acknowledgements", "Acknowledgements that went to their agents."
    )
    invalid_status_update_acknowledgements: Counter = _count(
        "invalid_status_update_acknowledgements", "Acknowledgements of what was not sent."
    )
    operations: Family = metric(Family, "master/operations", "Operations that are kept, by state.")
    operations_finished: Counter = _count("operations/finished", "Operations that were done.")
    operations_failed: Counter = _count("operations/failed", "Operations that could not be done.")
    operations_error: Counter = _count("operations/error", "Operations that were not valid.")
    operations_dropped: Counter = _count("operations/dropped", "Operations that never came to their agents.")
    operations_gone_by_operator: Counter = _count(
        "operations/gone_by_operator", "Operations whose agents never come back."
    )
    valid_operation_status_updates: Counter = _count(
        "valid_operation_status_updates", "Updates of known operations."
    )
    invalid_operation_status_updates: Counter = _count(
        "invalid_operation_status_updates", "Updates of unknown operations."
    )
    valid_operation_status_update_acknowledgements: Counter = _count(
        "valid_operation_status_update_acknowledgements", "Acknowledgements that went to their agents."
    )
    invalid_operation_status_update_acknowledgements: Counter = _count(
        "invalid_operation_status_update_acknowledgements", "Acknowledgements of what was not sent."
    )
    valid_framework_to_executor_messages: Counter = _count(
        "valid_framework_to_executor_messages", "Messages of schedulers that went to their agents."
    )
    invalid_framework_to_executor_messages: Counter = _count(
        "invalid_framework_to_executor_messages", "Messages of schedulers for nobody."
    )
    valid_executor_to_framework_messages: Counter = _count(
        "valid_executor_to_framework_messages", "Messages of executors that went to their schedulers."
    )
    invalid_executor_to_framework_messages: Counter = _count(
        "invalid_executor_to_framework_messages", "Messages of executors for nobody."
    )

    def read_from(self, cluster: Cluster) -> None:
        """Read the gauges from these books; they may be read on any thread."""

        def agents(wanted: Callable[[AgentEntry], bool]) -> Callable[[], float]:
            return lambda: sum(map(wanted, tuple(cluster.agents.values())))

        def frameworks(*, connected: bool) -> Callable[[], float]:
            return lambda: sum(one.connected is connected for one in tuple(cluster.frameworks.values()))

        self.slaves_connected.read = agents(lambda agent: agent.connected)
        self.slaves_disconnected.read = agents(lambda agent: not agent.connected)
        self.slaves_active.read = agents(lambda agent: agent.active)
        self.slaves_inactive.read = agents(lambda agent: not agent.active)
        self.slaves_unreachable.read = lambda: len(cluster.unreachable)
        self.frameworks_connected.read = self.frameworks_active.read = frameworks(connected=True)
        self.frameworks_disconnected.read = self.frameworks_inactive.read = frameworks(connected=False)
        self.outstanding_offers.read = lambda: len(cluster.offers)
        self.tasks_staging.read = lambda: _tasks(cluster, TaskState.TASK_STAGING)
        self.tasks_starting.read = lambda: _tasks(cluster, TaskState.TASK_STARTING)
        self.tasks_running.read = lambda: _tasks(cluster, TaskState.TASK_RUNNING)
        self.tasks_killing.read = lambda: _tasks(cluster, TaskState.TASK_KILLING)
        self.operations.read = lambda: _operations(cluster)
        self.tasks_unreachable.read = lambda: sum(
            len(one.unreachable_tasks) for one in tuple(cluster.frameworks.values())
        )

    def by_message(self) -> Mapping[type, Counter]:
        """What counts messages of a type, each time that one comes."""
        return {
            scheduling.Teardown: self.messages_unregister_framework,
            scheduling.AcceptOffers: self.messages_launch_tasks,
            scheduling.DeclineOffers: self.messages_decline_offers,
            scheduling.Revive: self.messages_revive_offers,
            scheduling.Suppress: self.messages_suppress_offers,
            scheduling.RequestResources: self.messages_resource_request,
            scheduling.Kill: self.messages_kill_task,
            scheduling.Reconcile: self.messages_reconcile_tasks,
            scheduling.ReconcileOperations: self.messages_reconcile_operations,
            scheduling.Acknowledge: self.messages_status_update_acknowledgement,
            scheduling.AcknowledgeOperation: self.messages_operation_status_update_acknowledgement,
            scheduling.FrameworkMessage: self.messages_framework_to_executor,
            scheduling.ExecutorMessage: self.messages_executor_to_framework,
            membership.RegisterAgent: self.messages_register_slave,
            membership.ReregisterAgent: self.messages_reregister_slave,
            membership.UnregisterAgent: self.messages_unregister_slave,
            membership.UpdateAgentResources: self.messages_update_slave,
            launching.StatusUpdate: self.messages_status_update,
            launching.OperationApplied: self.messages_operation_status_update,
            launching.ExecutorExited: self.messages_exited_executor,
        }

    def by_end(self) -> Mapping[TaskState, Counter]:
        """What counts tasks that end in a state."""
        return {
            TaskState.TASK_FINISHED: self.tasks_finished,
            TaskState.TASK_FAILED: self.tasks_failed,
            TaskState.TASK_KILLED: self.tasks_killed,
            TaskState.TASK_ERROR: self.tasks_error,
            TaskState.TASK_LOST: self.tasks_lost,
            TaskState.TASK_DROPPED: self.tasks_dropped,
            TaskState.TASK_GONE: self.tasks_gone,
            TaskState.TASK_GONE_BY_OPERATOR: self.tasks_gone_by_operator,
        }

    def by_operation_end(self) -> Mapping[OperationState, Counter]:
        """What counts operations that end in a state."""
        return {
            OperationState.OPERATION_FINISHED: self.operations_finished,
            OperationState.OPERATION_FAILED: self.operations_failed,
            OperationState.OPERATION_ERROR: self.operations_error,
            OperationState.OPERATION_DROPPED: self.operations_dropped,
            OperationState.OPERATION_GONE_BY_OPERATOR: self.operations_gone_by_operator,
        }


def _operations(cluster: Cluster) -> Mapping[str, float]:
    """How many operations there are in all, and in each state that does not stay."""
    entries = [
        entry for agent in tuple(cluster.agents.values()) for entry in tuple(agent.operations.values())
    ]
    passing = (OperationState.OPERATION_PENDING, OperationState.OPERATION_RECOVERING)
    counts = {
        state.value.removeprefix("OPERATION_").lower(): float(
            sum(entry.record.latest_status.state is state for entry in entries)
        )
        for state in passing
    }
    return {"total": float(len(entries)), **counts}


def _tasks(cluster: Cluster, state: TaskState) -> int:
    return sum(
        task.record.state is state
        for framework in tuple(cluster.frameworks.values())
        for task in tuple(framework.tasks.values())
    )
