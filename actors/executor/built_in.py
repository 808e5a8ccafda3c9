"""What the executors have in common that are actors of the executor node: tasks in containers."""

from __future__ import annotations

import itertools

from msgspec.structs import replace

from actors.executor.checks.checker import Surroundings
from actors.executor.checks.prober import PROBER
from actors.executor.containment.containment import Containment
from actors.executor.executor import Executor
from actors.executor.host import EXECUTORS
from actors.executor.settings import AGENT_PID, ExecutorSettings
from actors.executor.task_run import TaskRun
from actors.process import handles
from transport.messages.container_spec import ContainerSpec
from transport.messages.containing import ContainerEnded, ContainerLaunched
from transport.messages.hosting import LaunchExecutor
from transport.messages.probing import Probed
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.check import KillPolicy
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

_KILLING = FrameworkInfo.Capability.Type.TASK_KILLING_STATE
_LAUNCH_FAILED = TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED
#: Kept of the executor's grace at a shutdown for the news of its tasks' ends to get out.
_RESERVE_SECONDS = 2.0
#: The pause before the successor of a containerizer that crashed is asked for the containers.
_ADOPTION_PAUSE_SECONDS = 0.2
#: An agent that is back tells the executors of the node, of which there may be a thousand, to subscribe.
_PAUSE_MAX_SECONDS = 2.0


class BuiltInExecutor(Executor):
    """Runs tasks in containers, by the actors `containerizer` and `prober` of its own node."""

    def __init__(
        self, launch: LaunchExecutor, agent: Pid, containerizer: Pid, containment: Containment | None = None
    ) -> None:
        """`containment` says what containers are made from; None: plain processes."""
        super().__init__(_settings(launch, agent))
        self.containment = containment or Containment()
        self.launched = launch
        self.containerizer = containerizer.whoever()
        self.host = replace(self.containerizer, name=EXECUTORS)
        self._has_killing = _has_killing(launch.framework)
        #: What runs, by task id and by container id.
        self._runs: dict[str, TaskRun] = {}
        self._containers: dict[str, TaskRun] = {}
        self._numbers = itertools.count(1)

    def initialize(self) -> None:
        """Begin. What does not checkpoint ends with its host, whose successor would not know of it."""
        super().initialize()
        if not self.launched.framework.checkpoint:
            self.link(self.host)

    # What a subclass defines and calls.

    def task_over(self, task_id: str, state: TaskState) -> None:
        """Run when a task has ended, in that state."""

    def prepare(
        self, task: TaskInfo, container_id: str, spec: ContainerSpec, *, is_kept: bool = False
    ) -> TaskRun:
        """Make a task ready to be started in a container; raises ValueError when it cannot be run.

        `is_kept` is whether it is known after the node's death that it was begun.
        """
        prober = replace(self.containerizer, name=PROBER)
        around = Surroundings(spec, container_id, self.containerizer, prober, self._numbers.__next__)
        run = TaskRun(self, task, around, self._finished, has_killing=self._has_killing, is_kept=is_kept)
        if not self._runs:
            self.link(self.containerizer)
        self._runs[run.task_id] = self._containers[container_id] = run
        return run

    def refuse(self, task: TaskInfo, error: ValueError) -> None:
        """End a task that cannot be run."""
        task_id = task.task_id.value
        self.log.warning("task refused", task_id=task_id, reason=str(error))
        self.update(task_id, TaskState.TASK_FAILED, message=str(error), reason=_LAUNCH_FAILED)
        self.task_over(task_id, TaskState.TASK_FAILED)

    # Hooks of executors.

    def registered(self, executor: ExecutorInfo, framework: FrameworkInfo, agent: AgentInfo) -> None:
        """Learn what the framework can deal with by now."""
        self._has_killing = _has_killing(framework)

    def kill_task(self, task_id: str, kill_policy: KillPolicy | None) -> None:
        """End a task."""
        run = self._runs.get(task_id)
        if run is None:
            self.log.warning("task not killed", task_id=task_id, reason="it does not run here")
        else:
            self.log.info("task killed", task_id=task_id)
            run.kill(kill_policy)

    def shutdown(self) -> None:
        """End all tasks within the executor's grace, and then the executor."""
        if not self._runs:
            self.stop()
        for run in tuple(self._runs.values()):
            run.kill_within(max(0.0, self.settings.shutdown_grace_seconds - _RESERVE_SECONDS))

    # What other actors of the node say.

    @handles(ContainerLaunched)
    def _on_container_launched(self, sender: Pid, message: ContainerLaunched) -> None:
        run = self._containers.get(message.container_id)
        if run is not None:
            run.launched(message)

    @handles(ContainerEnded)
    def _on_container_ended(self, sender: Pid, message: ContainerEnded) -> None:
        container_id = message.container_id
        run = self._containers.get(container_id) or self._containers.get(container_id.rpartition(".")[0])
        if run is not None:
            run.ended(message)

    @handles(Probed)
    def _on_probed(self, sender: Pid, message: Probed) -> None:
        any(run.probed(message) for run in tuple(self._runs.values()))

    def exited(self, pid: Pid) -> None:
        """The agent is gone, or an actor of this node, such as the containerizer, whose successor has all."""
        if pid == self.containerizer:
            self.delay(_ADOPTION_PAUSE_SECONDS, self.adopt)
        elif pid == self.host:
            self.log.warning("executor ends with its host", host=str(pid))
            self.terminate()
        else:
            super().exited(pid)

    def check_invariants(self) -> None:
        """Called by the simulation: every task that is not over is found by its id and by its container's."""
        super().check_invariants()
        assert {run.task_id: run for run in self._containers.values()} == self._runs
        assert {run.container_id: run for run in self._runs.values()} == self._containers
        assert not any(run.course.over for run in self._runs.values())

    def adopt(self) -> None:
        """Take on what runs from the successor of a containerizer that crashed."""
        if self._runs:
            self.link(self.containerizer)
            for run in self._runs.values():
                if run.course.started:
                    run.adopt()

    def _finished(self, run: TaskRun, state: TaskState) -> None:
        del self._runs[run.task_id], self._containers[run.container_id]
        if not self._runs:
            self.unlink(self.containerizer)
        self.task_over(run.task_id, state)


def _has_killing(framework: FrameworkInfo) -> bool:
    """Whether a framework can deal with TASK_KILLING."""
    return any(capability.type is _KILLING for capability in framework.capabilities)


def _settings(launch: LaunchExecutor, agent: Pid) -> ExecutorSettings:
    """The executor's settings: what its environment does not say, the LaunchExecutor does."""
    environment = {
        "MESOS_FRAMEWORK_ID": "" if launch.framework.id is None else launch.framework.id.value,
        "MESOS_EXECUTOR_ID": launch.executor.executor_id.value,
        "MESOS_DIRECTORY": launch.sandbox,
        "MESOS_CHECKPOINT": "1" if launch.framework.checkpoint else "0",
        **launch.environment,
        # The agent itself sent it: whoever bears its name on its node, now and after a restart.
        AGENT_PID: str(agent),
    }
    return replace(ExecutorSettings.read(environment), pause_max_seconds=_PAUSE_MAX_SECONDS)
