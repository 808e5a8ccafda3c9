"""What an executor node must know again after its own death: the executors it launched, and their tasks.

Only its process may die in between: a loss of power takes the containers with it, so nothing here is synced.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from actors.disk import Disk
from transport.messages.hosting import LaunchExecutor
from transport.pid import Pid
from transport.record import Record
from transport.records.task import TaskInfo

_FOLDER = "executors"
_LAUNCH = ".launch"
_TASK = ".task"

T = TypeVar("T")


class Launch(Record):
    """An executor that was to be launched, and for whom."""

    agent: Pid
    launch: LaunchExecutor
    #: What a command executor runs, once it does.
    task: TaskInfo | None = None


class Launches:
    """Keeps one file for each executor, and one for each task of a command executor."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        #: What has files here.
        self._kept: set[str] = set()

    def keep(self, agent: Pid, launch: LaunchExecutor) -> None:
        """Remember an executor; raises OSError."""
        self._kept.add(launch.container_id)
        content = msgspec.msgpack.encode(Launch(agent=agent.whoever(), launch=launch))
        self._disk.write(_path(launch.container_id, _LAUNCH), content)

    def keep_task(self, container_id: str, task: TaskInfo) -> None:
        """Remember what a command executor runs; raises OSError."""
        self._disk.write(_path(container_id, _TASK), msgspec.msgpack.encode(task))

    def forget(self, container_id: str) -> None:
        """Remember it no more."""
        if container_id not in self._kept:
            return
        self._kept.remove(container_id)
        for kind in (_LAUNCH, _TASK):
            try:
                self._disk.remove(_path(container_id, kind))
            except FileNotFoundError:
                continue

    def load(self) -> tuple[dict[str, Launch], tuple[str, ...]]:
        """All that is kept, by container id, and the ids of those of which only a part was written."""
        kept: dict[str, Launch] = {}
        torn = []
        for name in self._disk.list(_FOLDER):
            container_id, dot, kind = name.rpartition(".")
            if dot + kind != _LAUNCH:
                continue
            self._kept.add(container_id)
            launch = self._read(container_id, _LAUNCH, Launch)
            if launch is None:
                torn.append(container_id)
            else:
                kept[container_id] = msgspec.structs.replace(
                    launch, task=self._read(container_id, _TASK, TaskInfo)
                )
        return kept, tuple(torn)

    def _read(self, container_id: str, kind: str, wanted: type[T]) -> T | None:
        try:
            return msgspec.msgpack.decode(self._disk.read(_path(container_id, kind)), type=wanted)
        except (FileNotFoundError, msgspec.DecodeError):
            return None


def _path(container_id: str, kind: str) -> str:
    return f"{_FOLDER}/{container_id}{kind}"
