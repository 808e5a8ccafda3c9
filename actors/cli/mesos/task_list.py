"""List the running tasks of the cluster."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import show
from transport.records.task import Task
from transport.records.task_status import TaskState


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which."""
    parser.add_argument("-a", "--all", action="store_true", help="list all tasks, not only running ones")


def run(arguments: argparse.Namespace) -> int:
    """Print them, those of one framework together."""
    with Cluster.of(arguments) as cluster:
        tasks = cluster.tasks()
    if not arguments.all:
        tasks = tuple(task for task in tasks if task.state is TaskState.TASK_RUNNING)
    ordered = sorted(tasks, key=lambda task: (task.framework_id.value, task.task_id.value))
    headings = ("ID", "STATE", "FRAMEWORK ID", "EXECUTOR ID", "AGENT ID")
    nothing = (
        "There are no tasks in the cluster."
        if arguments.all
        else ("There are no tasks running in the cluster.")
    )
    return show(arguments, headings, [_row(task) for task in ordered], ordered, nothing)


def _row(task: Task) -> tuple[object, ...]:
    executor = "" if task.executor_id is None else task.executor_id.value
    return task.task_id.value, task.state.value, task.framework_id.value, executor, task.agent_id.value
