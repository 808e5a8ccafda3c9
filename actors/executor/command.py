"""The executor that an agent makes up for a task that is a command (mesos-protocol.md §3.6)."""

from __future__ import annotations

import itertools

from msgspec.structs import replace

from actors.executor.checks.checker import Surroundings
from actors.executor.checks.prober import PROBER
from actors.executor.container_spec import container_spec, task_environment
from actors.executor.executor import Executor
from actors.executor.settings import AGENT_PID, ExecutorSettings
from actors.executor.task_run import TaskRun
from actors.process import handles
from transport.messages.containing import AdoptContainer, ContainerEnded, ContainerLaunched
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
#: Kept of the executor's grace at a shutdown for the news of the task's end to get out.
_RESERVE_SECONDS = 2.0
#: The pause before a containerizer that crashed is asked for the task's container.
_ADOPTION_PAUSE_SECONDS = 0.2


class CommandExecutor(Executor):
    """Runs one task in the container whose id is the executor's own, and ends when the task is over.

    An actor of the executor node, whose actor `containerizer` it uses. Ends itself as soon as the task's last
    update is acknowledged.
    """

    def __init__(self, launch: LaunchExecutor, agent: Pid, containerizer: Pid) -> None:
        super().__init__(executor_settings(launch, agent))
        self._launch = launch
        self._containerizer = containerizer.whoever()
        self._has_killing = has_killing(launch.framework)
        self._run: TaskRun | None = None

    def registered(self, executor: ExecutorInfo, framework: FrameworkInfo, agent: AgentInfo) -> None:
        """Learn what the framework can deal with by now."""
        self._has_killing = has_killing(framework)

    def launch_task(self, task: TaskInfo) -> None:
        """Run the task, unless there is one."""
        task_id = task.task_id.value
        if self._run is not None:
            message = "a command executor runs a single task, and has one"
            self.update(task_id, TaskState.TASK_FAILED, message=message)
            return
        try:
            self._run = run = TaskRun(
                self, task, self._surroundings(task), self.stop, has_killing=self._has_killing
            )
        except ValueError as error:
            reason = TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED
            self.update(task_id, TaskState.TASK_FAILED, message=str(error), reason=reason)
            self.stop()
        else:
            self.link(self._containerizer)
            run.start()

    def kill_task(self, task_id: str, kill_policy: KillPolicy | None) -> None:
        """End the task."""
        if self._run is None or self._run.task_id != task_id:
            self.log.warning("unknown task is not killed", task_id=task_id)
        else:
            self.log.info("task is killed", task_id=task_id)
            self._run.kill(kill_policy)

    def shutdown(self) -> None:
        """End the task within the executor's grace, and then the executor."""
        if self._run is None:
            self.stop()
        else:
            self._run.kill_within(max(0.0, self.settings.shutdown_grace_seconds - _RESERVE_SECONDS))

    @handles(ContainerLaunched)
    def _on_container_launched(self, sender: Pid, message: ContainerLaunched) -> None:
        if self._run is not None and message.container_id == self._run.container_id:
            self._run.launched()

    @handles(ContainerEnded)
    def _on_container_ended(self, sender: Pid, message: ContainerEnded) -> None:
        if self._run is not None:
            self._run.ended(message)

    @handles(Probed)
    def _on_probed(self, sender: Pid, message: Probed) -> None:
        if self._run is not None:
            self._run.probed(message)

    def exited(self, pid: Pid) -> None:
        """The agent is gone, or the containerizer crashed, whose successor knows the container."""
        if pid == self._containerizer:
            self.delay(_ADOPTION_PAUSE_SECONDS, self._adopt)
        else:
            super().exited(pid)

    def _surroundings(self, task: TaskInfo) -> Surroundings:
        launch, containerizer = self._launch, self._containerizer
        environment = task_environment(launch.environment, task, launch.sandbox)
        return Surroundings(
            container_spec(task.command, environment=environment, directory=launch.sandbox, user=launch.user),
            launch.container_id,
            containerizer,
            replace(containerizer, name=PROBER),
            itertools.count(1).__next__,
        )

    def _adopt(self) -> None:
        self.link(self._containerizer)
        if self._run is not None and not self._run.course.over:
            self.send(self._containerizer, AdoptContainer(self._run.container_id))


def has_killing(framework: FrameworkInfo) -> bool:
    """Whether a framework can deal with TASK_KILLING."""
    return any(capability.type is _KILLING for capability in framework.capabilities)


def executor_settings(launch: LaunchExecutor, agent: Pid) -> ExecutorSettings:
    """The settings of an executor that is an actor of the executor node.

    What its environment does not say, the LaunchExecutor does.
    """
    framework_id = "" if launch.framework.id is None else launch.framework.id.value
    environment = {
        "MESOS_FRAMEWORK_ID": framework_id,
        "MESOS_EXECUTOR_ID": launch.executor.executor_id.value,
        "MESOS_DIRECTORY": launch.sandbox,
        "MESOS_CHECKPOINT": "1" if launch.framework.checkpoint else "0",
        **launch.environment,
        AGENT_PID: str(agent),
    }
    settings = ExecutorSettings.read(environment)
    # `launch` came from the agent itself: whoever bears its name on its node, now and after a restart.
    return replace(settings, agent=agent.whoever())
