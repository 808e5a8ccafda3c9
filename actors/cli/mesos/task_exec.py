"""Run a command in the container of a running task, and end as it does."""

from __future__ import annotations

import argparse
import os
import threading
import uuid
from typing import Final, Self

from actors.cli.mesos.cluster import AgentConversation, Cluster
from actors.cli.mesos.console import Console, Input, open_output
from actors.cli.mesos.conversation import API
from actors.cli.mesos.sandbox import container_of
from actors.cli.mesos.task_argument import add_task
from actors.cli.mesos.terminal import STANDARD_INPUT, Terminal
from actors.cli.parser import CommandError, UsageError
from transport import json_v1
from transport.http.client import HttpFailureError
from transport.http.exchange import JSON
from transport.records.agent_call import Call
from transport.records.agent_response import Response
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.ids import ContainerID
from transport.records.task import Task

#: For how long the end of a command may be unknown when its output has ended.
_END_SECONDS: Final = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Take what to run, and where."""
    parser.add_argument("-i", "--interactive", action="store_true", help="pass standard input on")
    parser.add_argument("-t", "--tty", action="store_true", help="give the command a terminal")
    add_task(parser)
    parser.add_argument("command", metavar="COMMAND", help="what to run")
    parser.add_argument("args", metavar="ARG", nargs=argparse.REMAINDER, help="its arguments")


def run(arguments: argparse.Namespace) -> int:
    """Run it; returns its exit status, or 128 and the signal that ended it."""
    terminal = this_terminal() if arguments.tty else None
    with Cluster.of(arguments) as cluster:
        task = cluster.task(arguments.task_id, arguments.framework)
        container_id = ContainerID(value=str(uuid.uuid4()), parent=running_container(task))
        agent = cluster.agent(task.agent_id)
        output = open_output(agent, _launch(arguments, container_id, terminal))
        typed_on = terminal if arguments.interactive else None
        source = Input.OURS if arguments.interactive else Input.ENDED
        with _End(agent, container_id) as end:
            Console(agent, output, typed_on).run(container_id, source)
            return end.status()


def this_terminal() -> Terminal:
    """The terminal of standard input; raises UsageError."""
    if not os.isatty(STANDARD_INPUT):
        raise UsageError("--tty: standard input must be a terminal")
    return Terminal(STANDARD_INPUT)


def running_container(task: Task) -> ContainerID:
    """The container of a task; raises CommandError when there is none."""
    if task.state.terminal:
        raise CommandError(f"task {task.task_id.value!r}: is over ({task.state.value})")
    container = container_of(task)
    if container is None:
        raise CommandError(f"task {task.task_id.value!r}: its container is not known yet")
    return container


def _launch(arguments: argparse.Namespace, container_id: ContainerID, terminal: Terminal | None) -> Call:
    words = (arguments.command, *arguments.args)
    container = None
    if terminal is not None:
        container = ContainerInfo(type=ContainerInfo.Type.MESOS, tty_info=terminal.info)
    launch = Call.LaunchNestedContainerSession(
        container_id=container_id,
        command=CommandInfo(shell=False, value=words[0], arguments=words),
        container=container,
    )
    kind = Call.Type.LAUNCH_NESTED_CONTAINER_SESSION
    return Call(type=kind, launch_nested_container_session=launch)


class _End:
    """Waits, in a thread, for a container to end; raises CommandError."""

    def __init__(self, agent: AgentConversation, container_id: ContainerID) -> None:
        self._agent = agent
        kind, wait = Call.Type.WAIT_NESTED_CONTAINER, Call.WaitNestedContainer(container_id=container_id)
        body = json_v1.encode(Call(type=kind, wait_nested_container=wait))
        try:
            self._answer = agent.client.stream(API, body, {"Content-Type": JSON, "Accept": JSON}, None)
        except HttpFailureError as error:
            raise CommandError(f"the agent cannot be reached: {error}") from None
        self._status: int | None = None
        self._error = "no answer"
        self._thread = threading.Thread(target=self._wait, name="end", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.cut()
        self._thread.join()
        self._answer.close()

    def status(self) -> int:
        """The exit status, as a shell tells it."""
        self._thread.join(_END_SECONDS)
        if self._status is None:
            raise CommandError(f"how the command ended is not known: {self._error}")
        return self._status

    def _wait(self) -> None:
        try:
            reply = self._answer.rest()
            self._agent.check(reply)
            waited = json_v1.decode(reply.body, Response).wait_nested_container
        except (HttpFailureError, CommandError, ValueError) as error:
            self._error = str(error)
            return
        if waited is not None and waited.exit_status is not None:
            code = os.waitstatus_to_exitcode(waited.exit_status)
            self._status = code if code >= 0 else 128 - code
        elif waited is not None:
            self._error = waited.message or "the agent does not tell"
