"""Attach this terminal to a running task that has one; Ctrl-P Ctrl-Q detaches it again."""

from __future__ import annotations

import argparse
import os
import sys

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.console import Console, Detached, Input, open_output
from actors.cli.mesos.task_argument import add_task
from actors.cli.mesos.task_exec import running_container
from actors.cli.mesos.terminal import STANDARD_INPUT, Terminal
from transport.records.agent_call import Call
from transport.records.task import Task


def configure(parser: argparse.ArgumentParser) -> None:
    """Take which."""
    parser.add_argument("--no-stdin", action="store_true", help="do not pass standard input on")
    add_task(parser)


def run(arguments: argparse.Namespace) -> int:
    """Stay attached until the task's output ends."""
    is_typed_on = not arguments.no_stdin and os.isatty(STANDARD_INPUT)
    with Cluster.of(arguments) as cluster:
        task = cluster.task(arguments.task_id, arguments.framework)
        container_id = running_container(task)
        agent = cluster.agent(task.agent_id)
        attach = Call.AttachContainerOutput(container_id=container_id)
        kind = Call.Type.ATTACH_CONTAINER_OUTPUT
        output = open_output(agent, Call(type=kind, attach_container_output=attach))
        terminal = Terminal(STANDARD_INPUT) if is_typed_on and _has_terminal(task) else None
        source = Input.OF_OTHERS if arguments.no_stdin else Input.OURS
        try:
            Console(agent, output, terminal).run(container_id, source, detachable=is_typed_on)
        except Detached:
            print("\r\nDetached.", file=sys.stderr)
    return 0


def _has_terminal(task: Task) -> bool:
    return task.container is not None and task.container.tty_info is not None
