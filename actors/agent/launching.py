"""From RunTask to the executor: what is checked, checkpointed, started, queued and sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from actors.agent.admission import Refusal, refusal
from actors.agent.books import Books
from actors.agent.environment import executor_environment
from actors.agent.executor import ExecutorEntry
from actors.agent.framework import FrameworkEntry
from actors.agent.launch import command_executor, executor_user
from actors.agent.repeats import Repeats
from actors.agent.statuses import Reason, StatusDesk
from actors.agent.task import Launch, Stage, TaskEntry, task_record
from actors.agent.world import World
from transport.messages.checkpointing import (
    Archived,
    KeepFramework,
    MakeSandbox,
    Save,
    SaveExecutor,
    SaveFramework,
    SaveTask,
)
from transport.messages.hosting import ExecutorEnding, LaunchExecutor
from transport.messages.launching import ExecutorExited, FrameworkChanged, RunTask, RunTaskGroup
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState


class Host(Protocol):
    """Where executors are started, and their ends dealt with."""

    def start(self, executor: ExecutorEntry) -> None:
        """Have an executor started as its `request` says."""
        ...

    def ended(self, executor: ExecutorEntry, ending: ExecutorEnding) -> None:
        """An executor is no more, or never was."""
        ...

    def bound(self, executor: ExecutorEntry) -> None:
        """Its tasks are others than before, and so is what it may use."""
        ...


class LaunchDesk:
    """Takes tasks in; whatever happens, updates follow that end in a terminal one."""

    def __init__(
        self,
        world: World,
        books: Books,
        statuses: StatusDesk,
        host: Host,
        repeats: Repeats,
        environment: Mapping[str, str],
    ) -> None:
        """`environment` is that of the flag --executor_environment_variables."""
        self._world = world
        self._books = books
        self._statuses = statuses
        self._host = host
        self._repeats = repeats
        self._environment = environment

    # --- what the master asks ---

    def run_task(self, message: RunTask) -> None:
        """A task, under an executor of its own or under its framework's."""
        task, framework = message.task, message.framework
        generated = task.executor is None
        assert framework.id is not None
        executor = command_executor(task, framework.id) if task.executor is None else task.executor
        self._run(framework, executor, Launch((task,)), message.launch_executor, generated=generated)

    def run_group(self, message: RunTaskGroup) -> None:
        """Tasks of one executor, all or none."""
        launch = Launch(message.group.tasks, grouped=True)
        self._run(message.framework, message.executor, launch, message.launch_executor, generated=False)

    def framework_changed(self, message: FrameworkChanged) -> None:
        """Keep what a framework that has executors here says of itself now."""
        info = message.framework
        framework = None if info.id is None else self._books.frameworks.get(info.id.value)
        if framework is None or framework.info == info:
            return
        # Whether its executors survive was decided when they were started.
        framework.change(replace(info, checkpoint=framework.info.checkpoint))
        if framework.saved:
            self._world.archive((SaveFramework(framework.info),), _nothing)

    # --- the way of a launch ---

    def _run(
        self,
        info: FrameworkInfo,
        executor_info: ExecutorInfo,
        launch: Launch,
        launch_executor: bool | None,
        *,
        generated: bool,
    ) -> None:
        framework = self._books.framework(info)
        if framework.terminating or self._books.memory.ended(framework.id):
            self._world.log.info("task of a framework that is over", framework_id=framework.id)
            return
        if self._repeated(framework, launch) or self._outlived(framework, launch):
            return
        known = framework.executors.get(executor_info.executor_id.value)
        holdings = [Resources(task.resources).unallocate() for task in launch.infos]
        needed = sum(holdings, Resources())
        refused = refusal(
            self._books,
            known,
            executor_info,
            needed,
            generated=generated,
            launch_executor=launch_executor,
        )
        if refused is not None:
            self._refuse(info, executor_info, launch, refused, generated=generated)
            if launch_executor and (known is None or known.over):
                # The master counts with an executor that is not started.
                self._world.report(
                    ExecutorExited(framework.id, self._books.agent_id, executor_info.executor_id.value, -1)
                )
            return
        if executor_info.framework_id is None:
            executor_info = replace(executor_info, framework_id=info.id)
        executor = known or self._new_executor(framework, executor_info, generated=generated)
        tasks = [
            self._new_task(executor, task, launch, holding)
            for task, holding in zip(launch.infos, holdings, strict=True)
        ]
        self._world.log.info(
            "tasks taken" if launch.grouped else "task taken",
            task_id=launch.infos[0].task_id.value,
            framework_id=framework.id,
            executor_id=executor.executor_id,
            container_id=executor.container_id,
            tasks=len(tasks),
        )
        saves = self._saves(executor, tasks, fresh=known is None)
        if saves or executor.pending or not (executor.sandbox or executor.sent):
            # Nothing may overtake what makes the executor's sandbox, nor one launch the other.
            executor.pending += 1
            self._world.archive(saves, partial(self._archived, executor, launch))
        else:
            self._take(executor, launch, Archived(0))

    def _refuse(
        self,
        framework: FrameworkInfo,
        executor: ExecutorInfo,
        launch: Launch,
        refused: Refusal,
        *,
        generated: bool,
    ) -> None:
        executor_id = None if generated else executor.executor_id.value
        for task in launch.infos:
            self._statuses.refuse(framework, task, *refused, executor_id=executor_id)

    def _outlived(self, framework: FrameworkEntry, launch: Launch) -> bool:
        """Whether a task of the same id was over just now: the launch may be an old one that took long.

        It is passed over: were it new, the master would ask for it in time.
        """
        now, memory = self._world.now(), self._books.memory
        over = [task.task_id.value for task in launch.infos]
        over = [task_id for task_id in over if memory.rests(framework.id, task_id, now)]
        if over:
            self._world.log.warning("task was over just now", task_id=over[0], framework_id=framework.id)
        return bool(over)

    def _repeated(self, framework: FrameworkEntry, launch: Launch) -> bool:
        repeated = [info.task_id.value for info in launch.infos if info.task_id.value in framework.tasks]
        if repeated:
            self._world.log.warning("task is here already", framework_id=framework.id, task_id=repeated[0])
        return bool(repeated)

    def _new_executor(
        self, framework: FrameworkEntry, info: ExecutorInfo, *, generated: bool
    ) -> ExecutorEntry:
        number = uuid.UUID(int=self._world.rng.getrandbits(128), version=4)
        executor = ExecutorEntry(framework, info, str(number), generated=generated)
        if self._books.add_executor(executor):
            self._world.send(self._world.garbage, KeepFramework(framework.id))
        return executor

    def _new_task(
        self, executor: ExecutorEntry, info: TaskInfo, launch: Launch, holding: Resources
    ) -> TaskEntry:
        framework = executor.framework.info
        assert framework.id is not None
        agent_id = AgentID(value=self._books.agent_id)
        executor_id = None if executor.generated else executor.info.executor_id
        record = task_record(info, framework.id, agent_id, executor_id, self._user(executor))
        task = TaskEntry(record, executor, Stage.PENDING, launch, holding)
        self._books.add_task(task)
        return task

    def _saves(self, executor: ExecutorEntry, tasks: list[TaskEntry], *, fresh: bool) -> tuple[Save, ...]:
        framework = executor.framework
        saves: list[Save] = []
        if framework.checkpoint:
            if not framework.saved:
                framework.saved = True
                saves.append(SaveFramework(framework.info))
            if fresh:
                saves.append(SaveExecutor(executor.info, executor.container_id, executor.generated))
            saves.extend(SaveTask(executor.executor_id, executor.container_id, task.record) for task in tasks)
        volumes = _volumes(executor, tasks, fresh=fresh)
        if fresh or volumes:
            saves.append(
                MakeSandbox(
                    framework.id, executor.executor_id, executor.container_id, self._user(executor), volumes
                )
            )
        return tuple(saves)

    def _archived(self, executor: ExecutorEntry, launch: Launch, archived: Archived) -> None:
        executor.pending -= 1
        self._take(executor, launch, archived)

    def _take(self, executor: ExecutorEntry, launch: Launch, archived: Archived) -> None:
        """All that must survive does: start the executor, or let the tasks wait for it, or go."""
        executor.sandbox = archived.sandbox or executor.sandbox
        tasks = [
            executor.tasks[info.task_id.value]
            for info in launch.infos
            if info.task_id.value in executor.tasks
        ]
        if executor.framework.terminating or executor.ends:
            self._drop_late(executor, tasks)
        elif archived.error is not None:
            self._fail(executor, tasks, archived.error)
        elif not (executor.sandbox or executor.sent):
            self._fail(executor, tasks, "the executor has no sandbox")
        elif any(task.killed for task in tasks):
            for task in tasks:
                task.stage = Stage.QUEUED
                self._statuses.kill_early(task)
        elif tasks:
            for task in tasks:
                task.stage = Stage.QUEUED
            executor.queue.append(launch)
        self._go_on(executor)

    def _go_on(self, executor: ExecutorEntry) -> None:
        """Start an executor that has something to do; one that never will is over."""
        if self._books.containers.get(executor.container_id) is not executor:
            return
        if executor.connected:
            self.deliver(executor)
        elif executor.request is None and not executor.sent:
            if executor.queue and not executor.ends:
                executor.request = self._request(executor)
                self._host.start(executor)
            elif all(task.stage is not Stage.PENDING for task in executor.tasks.values()):
                self._host.ended(executor, ExecutorEnding(container_id=executor.container_id))

    def _drop_late(self, executor: ExecutorEntry, tasks: list[TaskEntry]) -> None:
        for task in tasks:
            task.stage = Stage.QUEUED
            if task.killed:
                self._statuses.kill_early(task)
                continue
            state = self._statuses.lost_state(executor.framework, TaskState.TASK_DROPPED)
            self._statuses.conclude(
                task, state, Reason.REASON_EXECUTOR_TERMINATED, f"the executor is {executor.state.value}"
            )

    def _fail(self, executor: ExecutorEntry, tasks: list[TaskEntry], error: str) -> None:
        for task in tasks:
            task.stage = Stage.QUEUED
            self._statuses.conclude(task, TaskState.TASK_FAILED, Reason.REASON_CONTAINER_LAUNCH_FAILED, error)

    def _request(self, executor: ExecutorEntry) -> LaunchExecutor:
        framework = executor.framework.info
        environment = executor_environment(
            self._world.flags,
            self._environment,
            self._world.pid,
            self._books.agent_id,
            framework,
            executor.info,
            executor.sandbox,
        )
        return LaunchExecutor(
            executor.container_id,
            framework,
            executor.info,
            executor.sandbox,
            environment,
            executor.generated,
            self._user(executor),
        )

    def _user(self, executor: ExecutorEntry) -> str | None:
        switch = self._world.flags.switch_user
        return executor_user(executor.info, executor.framework.info, switch_user=switch)

    # --- to the executor ---

    def deliver(self, executor: ExecutorEntry) -> None:
        """Send a subscribed executor what waits for it, and let it use what that takes."""
        self._host.bound(executor)
        while executor.queue:
            launch = executor.queue.popleft()
            executor.used = True
            for info in launch.infos:
                executor.tasks[info.task_id.value].stage = Stage.LAUNCHED
            self._repeats.launch(executor, launch)


def _volumes(executor: ExecutorEntry, tasks: list[TaskEntry], *, fresh: bool) -> tuple[Resource, ...]:
    """The persistent volumes that a launch needs to see."""
    resources = [resource for task in tasks for resource in task.record.resources]
    if fresh:
        resources.extend(executor.info.resources)
    return tuple(one for one in resources if one.disk is not None and one.disk.persistence is not None)


def _nothing(_archived: Archived) -> None:
    pass
