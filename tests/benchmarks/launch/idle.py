"""What a cluster costs that does nothing: memory and time."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.benchmarks.figure import Figure, Size, alone, at_most
from tests.benchmarks.launch.cluster import cluster, cpu_seconds, resident_megabytes, settle
from tests.benchmarks.launch.framework import DEADLINE_SECONDS, driver
from tests.benchmarks.launch.tasks import true
from transport.records.task_status import TaskState

_WATCHED_SECONDS = 20.0
_TASKS = 100


def figures(size: Size) -> Iterator[Figure]:
    with cluster() as running:
        assert running.agent is not None
        executors = running.executor_node
        master, agent = running.master.process.pid, running.agent.process.pid
        settle(3.0)
        yield alone("launch.idle.master", "MB (Mesos 1.0.1: 39)", [resident_megabytes(master)], at_most(60))
        both = resident_megabytes(agent) + resident_megabytes(executors)
        yield alone("launch.idle.agent_and_executor_node", "MB (Mesos 1.0.1: 38)", [both], at_most(110))
        processes = (master, agent, executors)
        before = sum(map(cpu_seconds, processes))
        begin = time.perf_counter()
        settle(max(2.0, _WATCHED_SECONDS * size.scale))
        used = sum(map(cpu_seconds, processes)) - before
        yield alone(
            "launch.idle.cpu", "% of a core", [used / (time.perf_counter() - begin) * 100], at_most(1)
        )
        tasks = size.of(_TASKS)
        with driver(running.address) as framework:
            framework.run(lambda offer: [true(offer)])
            settle()
            empty = sum(map(resident_megabytes, processes))
            framework.begin(lambda offer: [true(offer, "sleep 1000") for _ in range(tasks)])
            framework.wait_for(TaskState.TASK_RUNNING, tasks, DEADLINE_SECONDS)
            settle(2.0)
            each = (sum(map(resident_megabytes, processes)) - empty) / tasks
            yield alone("launch.idle.memory_of_a_running_task", "MB", [each], at_most(1))
