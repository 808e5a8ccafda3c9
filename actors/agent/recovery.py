"""Reads back what an agent's archive and update streams wrote.

What is half there was never acknowledged to anybody and is passed over: an executor without its description,
a task without its own. What is damaged is an error that names the file; the agent ends (`--strict`) or goes
on without it.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from actors.agent import paths
from actors.agent.checkpoints import Reading, read, read_one, unseal
from actors.agent.retained import ResourceState, StreamRecord
from actors.disk import Disk
from transport.messages.agent_state import (
    AgentCheckpoint,
    ExecutorCheckpoint,
    FrameworkCheckpoint,
    RunCheckpoint,
    TaskCheckpoint,
)
from transport.messages.checkpointing import DiscardExecutor, DiscardFramework, Leftovers
from transport.messages.hosting import ExecutorEnding
from transport.record import Record
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.task import Task

T = TypeVar("T")
R = TypeVar("R", bound=Record)


class Recovered(NamedTuple):
    """What is of use to the next agent, and what is not."""

    checkpoint: AgentCheckpoint
    leftovers: Leftovers


def recover(disk: Disk, boot_id: str) -> Recovered:
    """Read everything; damage is told in the checkpoint's `errors`. Raises OSError when the disk fails."""
    return _Recovery(disk).run(boot_id)


def read_updates(disk: Disk, path: str) -> Reading[StreamRecord]:
    """One task's updates and acknowledgements; nothing where there is no such file."""
    try:
        return read(disk.read(path), StreamRecord)
    except FileNotFoundError:
        return Reading((), 0)


class _Recovery:
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._errors: list[str] = []
        #: Folders of the files that were read.
        self._folders: dict[str, None] = {}
        self._live: set[DiscardExecutor] = set()

    def run(self, boot_id: str) -> Recovered:
        booted = self._text(paths.BOOT_ID)
        state = self._one(paths.RESOURCES, ResourceState)
        agent_id = self._text(paths.LATEST_AGENT, level=0)
        info = (
            None if agent_id is None else self._one(f"{paths.meta(agent_id)}/{paths.AGENT_INFO}", AgentInfo)
        )
        frameworks: tuple[FrameworkCheckpoint, ...] = ()
        drain_config = None
        if agent_id is not None and info is not None:
            drain_config = self._one(f"{paths.meta(agent_id)}/{paths.DRAIN_CONFIG}", DrainConfig)
            frameworks = self._frameworks(agent_id)
        checkpoint = AgentCheckpoint(
            info=info,
            rebooted=booted is not None and booted != boot_id,
            frameworks=frameworks,
            resources=None if state is None else state.resources,
            operations=() if state is None else state.operations,
            drain_config=drain_config,
            errors=tuple(self._errors),
        )
        self._settle()
        return Recovered(checkpoint, self._leftovers(None if info is None else agent_id))

    def _frameworks(self, agent_id: str) -> tuple[FrameworkCheckpoint, ...]:
        found = []
        for framework_id in self._ids(1, paths.meta(agent_id)):
            info = self._one(f"{paths.meta(agent_id, framework_id)}/{paths.FRAMEWORK_INFO}", FrameworkInfo)
            if info is not None:
                executors = self._executors(agent_id, framework_id)
                if executors:
                    found.append(FrameworkCheckpoint(info=info, executors=executors))
        return tuple(found)

    def _executors(self, agent_id: str, framework_id: str) -> tuple[ExecutorCheckpoint, ...]:
        found = []
        for executor_id in self._ids(2, paths.meta(agent_id, framework_id)):
            folder = paths.meta(agent_id, framework_id, executor_id)
            info = self._one(f"{folder}/{paths.EXECUTOR_INFO}", ExecutorInfo)
            container_id = self._text(f"{folder}/{paths.LATEST_RUN}", level=3)
            if info is None or container_id is None:
                continue
            run = paths.meta(agent_id, framework_id, executor_id, container_id)
            if not self._exists(f"{run}/{paths.COMPLETED}"):
                generated = self._exists(f"{folder}/{paths.GENERATED_EXECUTOR}")
                tasks = self._tasks(agent_id, framework_id, executor_id, container_id)
                ending = self._one(f"{run}/{paths.ENDING}", ExecutorEnding)
                self._live.add(DiscardExecutor(framework_id, executor_id, container_id))
                found.append(
                    ExecutorCheckpoint(
                        info=info,
                        generated=generated,
                        run=RunCheckpoint(container_id=container_id, tasks=tasks, ending=ending),
                    )
                )
        return tuple(found)

    def _tasks(self, *run: str) -> tuple[TaskCheckpoint, ...]:
        found = []
        for task_id in self._ids(4, paths.meta(*run)):
            folder = paths.meta(*run, task_id)
            task = self._one(f"{folder}/{paths.TASK_INFO}", Task)
            if task is not None:
                path = f"{folder}/{paths.TASK_UPDATES}"
                reading = read_updates(self._disk, path)
                if reading.damage is not None:
                    self._errors.append(f"{path}: {reading.damage}")
                updates = tuple(record.update for record in reading.records if record.update is not None)
                acknowledged = sum(record.acknowledged is not None for record in reading.records)
                found.append(TaskCheckpoint(task=task, updates=updates, acknowledged=acknowledged))
        return tuple(found)

    def _leftovers(self, agent_id: str | None) -> Leftovers:
        agents = sorted({*self._list(paths.AGENTS), *self._list(paths.META_AGENTS)})
        others = tuple(other for other in agents if other != agent_id and paths.part_error(0, other) is None)
        if agent_id is None:
            return Leftovers(agents=others)
        executors: list[DiscardExecutor] = []
        frameworks = []
        for framework_id in self._both(1, agent_id):
            runs = [
                DiscardExecutor(framework_id, executor_id, container_id)
                for executor_id in self._both(2, agent_id, framework_id)
                for container_id in self._both(3, agent_id, framework_id, executor_id)
            ]
            dead = [run for run in runs if run not in self._live]
            executors += dead
            if len(dead) == len(runs):
                frameworks.append(DiscardFramework(framework_id))
        return Leftovers(agent_id, others, tuple(executors), tuple(frameworks))

    def _settle(self) -> None:
        """Make durable what an agent that was killed had renamed or removed and not yet synced."""
        for folder in self._folders:
            self._disk.sync_folder(folder)

    # Reading single files; what is not there is None.

    def _one(self, path: str, kind: type[R]) -> R | None:
        return self._read(path, lambda content: read_one(content, kind))

    def _text(self, path: str, *, level: int | None = None) -> str | None:
        def unsealed(content: bytes) -> str:
            text = unseal(content)
            error = None if level is None else paths.part_error(level, text)
            if error is not None:
                raise ValueError(error)
            return text

        return self._read(path, unsealed)

    def _read(self, path: str, decode: Callable[[bytes], T]) -> T | None:
        try:
            content = self._disk.read(path)
        except FileNotFoundError:
            return None
        self._folders[paths.folder_of(path)] = None
        try:
            return decode(content)
        except ValueError as error:
            self._errors.append(f"{path}: {error}")
            return None

    def _exists(self, path: str) -> bool:
        return path.rpartition("/")[2] in self._list(paths.folder_of(path))

    def _list(self, path: str) -> tuple[str, ...]:
        try:
            return self._disk.list(path)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                return ()  # a file or a link, put there by somebody else
            raise

    def _ids(self, level: int, parent: str) -> Iterator[str]:
        """Ids that have a folder in `parent`; whatever else is in there is none of ours."""
        for name in self._list(f"{parent}/{paths.LEVELS[level]}"):
            if paths.part_error(level, name) is None:
                yield name

    def _both(self, level: int, *ids: str) -> tuple[str, ...]:
        """Ids below a sandbox folder or its twin under meta."""
        found = {*self._ids(level, paths.sandboxes(*ids)), *self._ids(level, paths.meta(*ids))}
        return tuple(sorted(found))
