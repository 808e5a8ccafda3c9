"""The executor of task groups, which run side by side in nested containers (mesos-protocol.md §3.8)."""

from __future__ import annotations

import uuid

from msgspec.structs import replace

from actors.executor.built_in import BuiltInExecutor
from actors.executor.containment.containment import Containment
from actors.executor.sandboxes import NESTED, SANDBOXES
from actors.executor.task_group import TaskGroups
from actors.executor.task_run import TaskRun
from actors.process import handles
from transport.messages.containing import UpdateContainer
from transport.messages.hosting import LaunchExecutor
from transport.messages.nesting import MakeNestedSandbox, NestedSandboxMade
from transport.pid import Pid
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskState

#: The pause after which a sandbox is asked for again, in case that whoever makes them crashed.
_RETRY_SECONDS = 5.0


class DefaultExecutor(BuiltInExecutor):
    """Runs each task in a container of its own, nested in the executor's, which runs nothing itself.

    If a task of a group fails or is killed, the others of the group are killed. Ends when no task is left
    and all is acknowledged.
    """

    def __init__(
        self, launch: LaunchExecutor, agent: Pid, containerizer: Pid, containment: Containment | None = None
    ) -> None:
        super().__init__(launch, agent, containerizer, containment)
        self._sandboxes = replace(self.containerizer, name=SANDBOXES)
        self._groups = TaskGroups()
        #: Tasks whose sandboxes are being made, by the name of the nested container.
        self._waiting: dict[str, TaskRun] = {}

    def launch_task(self, task: TaskInfo) -> None:
        """Run a task by itself, as a group of one."""
        self.launch_group(TaskGroupInfo(tasks=(task,)))

    def launch_group(self, group: TaskGroupInfo) -> None:
        """Run tasks together."""
        self.go_on()
        self._groups.add(task.task_id.value for task in group.tasks)
        names, refused = [], []
        for task in group.tasks:
            try:
                names.append(self._prepare(task))
            except ValueError as error:
                refused.append((task, error))
        # Only now, when those that must end with them can be found.
        for task, reason in refused:
            self.refuse(task, reason)
        self._bound()
        for name in names:
            self._make_sandbox(name)

    def task_over(self, task_id: str, state: TaskState) -> None:
        """End those that belong to it, if it did not end well; then, with the last one, the executor."""
        doomed = self._groups.over(task_id, state)
        if doomed:
            self.log.info("task group killed", task_id=task_id, state=state.value, task_ids=list(doomed))
        for other in doomed:
            self.kill_task(other, None)
        self._bound()
        if not self._groups:
            self.stop()

    def adopt(self) -> None:
        """Have the successor of a containerizer know what all tasks together may use, too."""
        self._bound()
        super().adopt()

    def _bound(self) -> None:
        """Let all tasks together use what those that are there were given."""
        tasks = [run.course.task for run in self._runs.values()]
        if tasks:
            launch = self.launched
            limits = self.containment.family(launch, tasks)
            self.send(self.containerizer, UpdateContainer(launch.container_id, limits, launch.sandbox))

    def _prepare(self, task: TaskInfo) -> str:
        name = str(uuid.UUID(int=self.system.rng.getrandbits(128), version=4))
        container_id = f"{self.launched.container_id}.{name}"
        sandbox = f"{self.launched.sandbox}/{NESTED}/{name}"
        # They share the network of the host.
        address = self.settings.agent.host
        spec = self.containment.nested_task(self.launched, task, container_id, sandbox, address)
        self._waiting[name] = self.prepare(task, container_id, spec)
        return name

    def _make_sandbox(self, name: str) -> None:
        run = self._waiting.get(name)
        if run is None:
            return
        if run.course.over:
            del self._waiting[name]
            return
        task = run.course.task
        shared = self.containment.links(self.containment.container_of(task.container), task.resources)
        wanted = MakeNestedSandbox(self.launched.sandbox, name, run.task_id, run.user, shared)
        self.send(self._sandboxes, wanted)
        self.delay(_RETRY_SECONDS, self._make_sandbox, name)

    @handles(NestedSandboxMade)
    def _on_sandbox_made(self, sender: Pid, message: NestedSandboxMade) -> None:
        run = self._waiting.pop(message.name, None)
        if run is not None and message.error is not None:
            run.refuse(message.error)
        elif run is not None:
            run.start()
