"""What an executor node must know again after its own death: the executors it launched, and their tasks.

One file, to which a record is added for each launch, each task, and each end. Only the process may die in
between: a loss of power takes the containers with it, so nothing here is synced, and the last record may
be there in part.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from actors.disk import Disk
from transport import decoders
from transport.messages.hosting import KeepTask, LaunchExecutor
from transport.pid import Pid
from transport.record import Record
from transport.records.task import TaskInfo

_FILE = "executors.log"
_REWRITTEN = "executors.log.new"
#: Bytes before each record that say how long it is.
_LENGTH = 4
#: The file is written anew when so much was added to it.
_GROWTH_BYTES = 8 * 2**20


class Launch(Record):
    """An executor that was to be launched, and for whom."""

    agent: Pid
    launch: LaunchExecutor
    #: What a command executor runs, once it does.
    task: TaskInfo | None = None


class _Entry(Record):
    """One record of the file: what is not set stays as it was; with neither set the executor is forgotten."""

    container_id: str
    launch: Launch | None = None
    task: TaskInfo | None = None
    #: Whether the task is to end.
    killed: bool = False


_DECODER: Final = decoders.of_msgpack(_Entry)


class Launches:
    """The executors that are worth remembering; each call may raise OSError, and then has done nothing."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        #: By container id, the records that count.
        self._kept: dict[str, bytes] = {}
        self._grown_bytes = 0
        #: Whether half a record may stand at the end of the file.
        self._is_torn = False

    def keep(self, agent: Pid, launch: LaunchExecutor) -> None:
        """Remember an executor."""
        kept = Launch(agent=agent.whoever(), launch=launch)
        self._add(_Entry(container_id=launch.container_id, launch=kept))

    def keep_task(self, told: KeepTask) -> None:
        """Remember what a command executor runs, or is to end, if the executor itself is worth it."""
        if told.container_id in self._kept:
            self._add(_Entry(container_id=told.container_id, task=told.task, killed=told.killed))

    def forget(self, container_id: str) -> None:
        """Remember it no more."""
        if container_id in self._kept:
            self._add(_Entry(container_id=container_id))

    def load(self) -> dict[str, Launch]:
        """All that was kept by a node before this one, by container id, oldest first."""
        found: dict[str, Launch] = {}
        for entry in self._read():
            kept = entry.launch or found.get(entry.container_id)
            if kept is None or (entry.launch is None and entry.task is None):
                found.pop(entry.container_id, None)
            elif entry.task is not None:
                launch = replace(kept.launch, killed=entry.killed)
                found[entry.container_id] = replace(kept, launch=launch, task=entry.task)
            else:
                found[entry.container_id] = kept
        self._kept = {
            container_id: _framed(_Entry(container_id=container_id, launch=launch))
            for container_id, launch in found.items()
        }
        # Should that fail now, it must be done before something is added behind half a record.
        self._is_torn = True
        with contextlib.suppress(OSError):
            self._rewrite()
        return found

    def _add(self, entry: _Entry) -> None:
        if self._is_torn or self._grown_bytes > _GROWTH_BYTES:
            self._rewrite()
        record = _framed(entry)
        self._is_torn = True
        self._disk.append(_FILE, record)
        self._is_torn = False
        self._grown_bytes += len(record)
        if entry.launch is not None or entry.task is not None:
            self._kept[entry.container_id] = self._kept.get(entry.container_id, b"") + record
        else:
            del self._kept[entry.container_id]

    def _rewrite(self) -> None:
        """Leave out what does not count any more, and half a record at the end."""
        self._disk.write(_REWRITTEN, b"".join(self._kept.values()))
        self._disk.rename(_REWRITTEN, _FILE)
        self._grown_bytes = 0
        self._is_torn = False

    def _read(self) -> list[_Entry]:
        try:
            content = self._disk.read(_FILE)
        except FileNotFoundError:
            return []
        entries = []
        start = 0
        while start + _LENGTH <= len(content):
            end = start + _LENGTH + int.from_bytes(content[start : start + _LENGTH])
            try:
                entries.append(_DECODER.decode(content[start + _LENGTH : end]))
            except msgspec.DecodeError:
                break
            start = end
        return entries


def strays(found: Sequence[str], kept: Container[str], begun: Container[str]) -> tuple[str, ...]:
    """Which of the containers that were found nobody waits for any more: the outermost are enough.

    What was `begun` to be kept, and is no executor, is an operator's.
    """
    wanted = {container_id for container_id in found if container_id in kept}
    # What is nested in a command's container is a check of it, or an operator's.
    nested = [one for one in found if one.rpartition(".")[0] in wanted]
    outermost = dict.fromkeys(one.partition(".")[0] for one in found)
    return (*nested, *(one for one in outermost if one not in kept and one not in begun))


def _framed(entry: _Entry) -> bytes:
    body = msgspec.msgpack.encode(entry)
    return len(body).to_bytes(_LENGTH) + body
