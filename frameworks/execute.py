"""`mesos-execute`: runs a command on a cluster, and shows what becomes of it."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from actors.flags import FlagError, help_text, load
from frameworks.execution import ExecuteFlags, Plan, plan
from frameworks.offered import Offered
from frameworks.scheduler import Scheduler
from transport.messages.scheduling import TaskReference
from transport.pid import Pid
from transport.records.ids import AgentID
from transport.records.master import MasterInfo
from transport.records.offer import Offer
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

#: Nothing more comes of a task that the cluster does not know.
_OVER: Final = TERMINAL | {TaskState.TASK_UNKNOWN}
#: How long the master may take to confirm the end; it is no loss if it does not.
_TEARDOWN_SECONDS: Final = 5.0
#: How long until a task that should be killed, and is not over, is killed again.
_KILL_AGAIN_SECONDS: Final = 10.0
_RECONCILE_SECONDS: Final = 60.0

PREFIX: Final = "MESOS_"


class Execute(Scheduler):
    """Launches what is planned on the first offer that holds it, and ends when all of it is over."""

    reconcile_every_seconds = _RECONCILE_SECONDS

    def __init__(self, plan: Plan, detector: Pid | str, say: Callable[[str], None]) -> None:
        """`say` shows a line to the user."""
        super().__init__(plan.framework, detector)
        self._plan = plan
        self._say = say
        self._agent_id: AgentID | None = None
        self._needs = plan.needs
        #: The latest states, by task id.
        self._states: dict[str, TaskState] = {}

    @property
    def succeeded(self) -> bool:
        """Whether all that was planned finished well."""
        return all(
            self._states.get(task.task_id.value) is TaskState.TASK_FINISHED for task in self._plan.tasks
        )

    def subscribed(self, framework_id: str, master: MasterInfo) -> None:
        """Say so."""
        self._say(f"Subscribed with ID {framework_id}")

    def disconnected(self) -> None:
        """Say so."""
        self._say("Disconnected from the master")

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        """Take the first that holds what is needed."""
        declined = []
        for offer in offers:
            offered = Offered(offer)
            if self._agent_id is None and offered.holds(self._needs):
                self._launch(offered)
            else:
                declined.append(offer)
        self.decline(declined)

    def update(self, status: TaskStatus) -> None:
        """Show it; end when it was the last."""
        task_id = status.task_id.value
        known = self._states.get(task_id)
        if known in TERMINAL or (known is status.state and status.uuid is None):
            return
        self._states[task_id] = status.state
        self._say(f"Received status update {status.state.name} for task '{task_id}'")
        if status.message:
            self._say(f"  message: '{status.message}'")
        if status.source is not None:
            self._say(f"  source: {status.source.name}")
        if status.reason is not None:
            self._say(f"  reason: {status.reason.name}")
        if status.healthy is not None:
            self._say(f"  healthy?: {str(status.healthy).lower()}")
        if all(self._states.get(task.task_id.value) in _OVER for task in self._plan.tasks):
            self.delay(_TEARDOWN_SECONDS, self.terminate)
            self.teardown()

    def error(self, message: str) -> None:
        """Show it, and end."""
        self._say(f"Received an error: {message}")
        self.terminate()

    def unsettled(self) -> tuple[TaskReference, ...]:
        """What was launched and is not over."""
        if self._agent_id is None:
            return ()
        return tuple(
            TaskReference(task_id=task.task_id, agent_id=self._agent_id)
            for task in self._plan.tasks
            if self._states.get(task.task_id.value) not in _OVER
        )

    def _launch(self, offered: Offered) -> None:
        executor, tasks = self._plan.placed(offered, self.framework_id)
        agent = offered.agent_id.value
        if executor is None:
            self.launch((offered.offer,), tasks)
            for task in tasks:
                self._say(f"Submitted task '{task.name}' to agent '{agent}'")
        else:
            self.launch_group((offered.offer,), executor, tasks)
            names = ", ".join(task.task_id.value for task in tasks)
            self._say(f"Submitted task group with tasks [ {names} ] to agent '{agent}'")
        self._agent_id = offered.agent_id
        self.suppress()
        if self._plan.kill_after_seconds is not None:
            self.delay(self._plan.kill_after_seconds, self._kill)

    def _kill(self) -> None:
        for task in self.unsettled():
            self._say(f"Asked to kill task '{task.task_id.value}'")
            self.kill(task.task_id.value, None if task.agent_id is None else task.agent_id.value)
        self.delay(_KILL_AGAIN_SECONDS, self._kill)


def main(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run what the flags say; returns the exit status. Raises FlagError or CommandError."""
    if "--help" in words:
        sys.stdout.write(help_text(ExecuteFlags, "mesos-execute [flags]", prefix=PREFIX) + "\n")
        return 0
    flags = _with_files(load(ExecuteFlags, words, environment, prefix=PREFIX))
    leader, planned = flags.leader, plan(flags, getpass.getuser())
    from frameworks import host  # noqa: PLC0415  to show or refuse flags needs no network

    secret_file = None if flags.secret_file is None else Path(flags.secret_file)
    execute = host.run(
        lambda detector: Execute(planned, detector, _say), leader, name="execute", secret_file=secret_file
    )
    return 0 if execute.succeeded else 1


def _with_files(flags: ExecuteFlags) -> ExecuteFlags:
    """Flags that name a file, with what stands in it."""
    found: dict[str, Any] = {}
    for name in ("task", "task_group", "volumes", "env"):
        text = getattr(flags, name)
        if text is not None and text.startswith("/"):
            try:
                found[name] = Path(text).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise FlagError(f"--{name}: {error}") from None
    return replace(flags, **found) if found else flags


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
