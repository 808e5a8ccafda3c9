"""The metrics of an agent, under Mesos' names (mesos-metrics.tsv)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from actors.agent.executor import ExecutorState
from actors.metrics import Counter, Family, Gauge, Metrics, metric
from containerizers.network import interfaces
from transport.records.task_status import TaskState

if TYPE_CHECKING:
    from actors.agent.books import Books

_State = TaskState
K = TypeVar("K")


#: By which metric tasks that are over are counted.
_COUNTED: Final = {
    _State.TASK_FINISHED: "tasks_finished",
    _State.TASK_FAILED: "tasks_failed",
    _State.TASK_KILLED: "tasks_killed",
    _State.TASK_LOST: "tasks_lost",
    _State.TASK_DROPPED: "tasks_lost",
    _State.TASK_GONE: "tasks_gone",
    _State.TASK_GONE_BY_OPERATOR: "tasks_gone",
}


#: What is told of resources that may be taken back.
_REVOCABLE: Final = {
    "total": "Revocable resources that there are",
    "used": "Revocable resources that are held",
    "percent": "Part of the revocable resources that is held",
}


class AgentMetrics(Metrics):
    """What an agent counts and measures."""

    registered: Gauge = metric(Gauge, "slave/registered", "Whether the agent is registered.")
    uptime: Gauge = metric(Gauge, "slave/uptime_secs", "Seconds since the agent started.")
    recovery_errors: Gauge = metric(Gauge, "slave/recovery_errors", "Errors during recovery.")
    recovery_time: Gauge = metric(Gauge, "slave/recovery_time_secs", "How long recovery took.")

    frameworks_active: Gauge = metric(Gauge, "slave/frameworks_active", "Frameworks with executors here.")
    executors_registering: Gauge = metric(Gauge, "slave/executors_registering", "Executors that start.")
    executors_running: Gauge = metric(Gauge, "slave/executors_running", "Executors that run.")
    executors_terminating: Gauge = metric(Gauge, "slave/executors_terminating", "Executors that end.")
    executors_terminated: Counter = metric(
        Counter, "slave/executors_terminated", "Executors that have ended."
    )
    executors_preempted: Counter = metric(
        Counter, "slave/executors_preempted", "Executors killed for their resources."
    )
    container_launch_errors: Counter = metric(
        Counter, "slave/container_launch_errors", "Containers that could not be started."
    )

    tasks_staging: Gauge = metric(Gauge, "slave/tasks_staging", "Tasks that are not started yet.")
    tasks_starting: Gauge = metric(Gauge, "slave/tasks_starting", "Tasks that start.")
    tasks_running: Gauge = metric(Gauge, "slave/tasks_running", "Tasks that run.")
    tasks_killing: Gauge = metric(Gauge, "slave/tasks_killing", "Tasks that are being killed.")
    tasks_finished: Counter = metric(Counter, "slave/tasks_finished", "Tasks that finished.")
    tasks_failed: Counter = metric(Counter, "slave/tasks_failed", "Tasks that failed.")
    tasks_killed: Counter = metric(Counter, "slave/tasks_killed", "Tasks that were killed.")
    tasks_lost: Counter = metric(Counter, "slave/tasks_lost", "Tasks that were lost or dropped.")
    tasks_gone: Counter = metric(Counter, "slave/tasks_gone", "Tasks that are gone.")

    valid_status_updates: Counter = metric(
        Counter, "slave/valid_status_updates", "Updates from executors that were taken."
    )
    invalid_status_updates: Counter = metric(
        Counter, "slave/invalid_status_updates", "Updates from executors that were not."
    )
    valid_framework_messages: Counter = metric(
        Counter, "slave/valid_framework_messages", "Messages between schedulers and executors."
    )
    invalid_framework_messages: Counter = metric(
        Counter, "slave/invalid_framework_messages", "Messages that could not be passed on."
    )

    cpus_total: Gauge = metric(Gauge, "slave/cpus_total", "CPUs that there are.")
    cpus_used: Gauge = metric(Gauge, "slave/cpus_used", "CPUs that tasks and executors hold.")
    cpus_percent: Gauge = metric(Gauge, "slave/cpus_percent", "Part of the CPUs that is held.")
    gpus_total: Gauge = metric(Gauge, "slave/gpus_total", "GPUs that there are.")
    gpus_used: Gauge = metric(Gauge, "slave/gpus_used", "GPUs that tasks and executors hold.")
    gpus_percent: Gauge = metric(Gauge, "slave/gpus_percent", "Part of the GPUs that is held.")
    mem_total: Gauge = metric(Gauge, "slave/mem_total", "Memory in MB that there is.")
    mem_used: Gauge = metric(Gauge, "slave/mem_used", "Memory in MB that tasks and executors hold.")
    mem_percent: Gauge = metric(Gauge, "slave/mem_percent", "Part of the memory that is held.")
    disk_total: Gauge = metric(Gauge, "slave/disk_total", "Disk in MB that there is.")
    disk_used: Gauge = metric(Gauge, "slave/disk_used", "Disk in MB that tasks and executors hold.")
    disk_percent: Gauge = metric(Gauge, "slave/disk_percent", "Part of the disk that is held.")

    executor_directory_age: Gauge = metric(
        Gauge,
        "slave/executor_directory_max_allowed_age_secs",
        "The longest that a finished sandbox is kept, as full as the disk is.",
    )

    def __post_init__(self) -> None:
        """Add what is measured of each resource that may be taken back: none is, without oversubscription."""
        for resource in ("cpus", "gpus", "mem", "disk"):
            for what, words in _REVOCABLE.items():
                name = f"{resource}_revocable_{what}"
                vars(self)[name] = Gauge(f"slave/{name}", f"{words} ({resource}).")

    def note(self, state: TaskState) -> None:
        """Count a task that is over."""
        name = _COUNTED.get(state)
        if name is not None:
            counter: Counter = getattr(self, name)
            counter.increment()

    def read_from(self, books: Books, uptime: Callable[[], float]) -> None:
        """Have the gauges read the books, which may be done from any thread."""
        self.uptime.read = uptime
        self.frameworks_active.read = lambda: len(books.frameworks)
        for state, gauge in (
            (ExecutorState.REGISTERING, self.executors_registering),
            (ExecutorState.RUNNING, self.executors_running),
            (ExecutorState.TERMINATING, self.executors_terminating),
        ):
            gauge.read = _item(books.executor_counts, state)
        for task_state, gauge in (
            (_State.TASK_STAGING, self.tasks_staging),
            (_State.TASK_STARTING, self.tasks_starting),
            (_State.TASK_RUNNING, self.tasks_running),
            (_State.TASK_KILLING, self.tasks_killing),
        ):
            gauge.read = _item(books.task_counts, task_state)
        for name, total, used, percent in (
            ("cpus", self.cpus_total, self.cpus_used, self.cpus_percent),
            ("gpus", self.gpus_total, self.gpus_used, self.gpus_percent),
            ("mem", self.mem_total, self.mem_used, self.mem_percent),
            ("disk", self.disk_total, self.disk_used, self.disk_percent),
        ):
            _read_resource(books, name, total, used, percent)


class NetworkMetrics(Metrics):
    """What goes through the interfaces of the host."""

    received: Family = metric(
        Family, "system/network_received_bytes", "What came in through an interface of the host."
    )
    sent: Family = metric(
        Family, "system/network_sent_bytes", "What was sent through an interface of the host."
    )

    def __post_init__(self) -> None:
        """Look when somebody asks."""
        self.received.read = partial(_by_interface, "received_bytes")
        self.sent.read = partial(_by_interface, "sent_bytes")


def _by_interface(field: str) -> Mapping[str, float]:
    """Of the host's own interfaces: those that lead to containers begin alike, and come and go."""
    counted = interfaces().items()
    return {name: getattr(counters, field) for name, counters in counted if not name.startswith("veth")}


def _item(counts: Mapping[K, int], key: K) -> Callable[[], float]:
    return lambda: counts[key]


def _read_resource(books: Books, name: str, total: Gauge, used: Gauge, percent: Gauge) -> None:
    def total_now() -> float:
        return books.total.scalar_quantities[name] / 1000

    def used_now() -> float:
        return books.used.scalar_quantities[name] / 1000

    total.read, used.read = total_now, used_now
    percent.read = lambda: used_now() / total_now() if total_now() else 0.0
