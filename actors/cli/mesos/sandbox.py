"""The files of a task: where its agent shows them, and what is in them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, Self

from actors.cli.mesos.cluster import AgentConversation, Cluster
from actors.cli.mesos.conversation import RefusedError, UnreachableError
from actors.cli.parser import CommandError
from transport.records.agent_call import Call
from transport.records.agent_response import Response
from transport.records.daemon import FileInfo
from transport.records.ids import ContainerID
from transport.records.task import Task

_NOT_FOUND: Final = 404
#: As much as a daemon gives at a time.
PORTION_BYTES: Final = 64 * 1024
#: How long an agent may be away, as while it restarts, from who follows a file.
_AWAY_SECONDS: Final = 60.0
#: How often a file is looked at for more.
LOOK_SECONDS: Final = 0.5


class Sandbox:
    """The sandbox of one task. Paths are relative to it; every method may raise CommandError."""

    def __init__(self, agent: AgentConversation, folders: tuple[str, ...]) -> None:
        self._agent = agent
        #: Where it may be, in the order in which it is looked for; the one where it is, once that is known.
        self._folders = folders

    @classmethod
    def of(cls, cluster: Cluster, task_id: str, framework_id: str | None) -> Self:
        """The sandbox of a task, be it over."""
        task = cluster.task(task_id, framework_id)
        return cls(cluster.agent(task.agent_id), folders_of(task))

    def list(self, path: str) -> tuple[FileInfo, ...]:
        """What is in a folder, with its virtual path."""

        def call(virtual: str) -> Call:
            return Call(type=Call.Type.LIST_FILES, list_files=Call.ListFiles(path=virtual))

        found = self._ask(path, call).list_files
        return () if found is None else found.file_infos

    def read(self, path: str, offset: int, length: int = PORTION_BYTES) -> Response.ReadFile:
        """The size of a file, and up to so many bytes from an offset on."""

        def call(virtual: str) -> Call:
            wanted = Call.ReadFile(path=virtual, offset=offset, length=length)
            return Call(type=Call.Type.READ_FILE, read_file=wanted)

        found = self._ask(path, call).read_file
        if found is None:
            raise CommandError(f"{self._agent.name} answers without what was asked for")
        return found

    def _ask(self, path: str, call: Callable[[str], Call]) -> Response:
        refusal: RefusedError | None = None
        for folder in self._folders:
            try:
                answer = self._agent.ask(call(f"{folder}/{path}".rstrip("/")))
            except RefusedError as error:
                if error.status != _NOT_FOUND:
                    raise
                refusal = error
            else:
                self._folders = (folder,)
                return answer
        if refusal is None:
            raise CommandError("the task has no sandbox")
        raise RefusedError(f"{path or '.'}: the sandbox of the task has no such file or folder", _NOT_FOUND)


def folders_of(task: Task) -> tuple[str, ...]:
    """The virtual paths of a task's sandbox (mesos-protocol.md §5.2b): Mesos knows the latest run alone."""
    executor_id = None if task.executor_id is None else task.executor_id.value
    # A task of the built-in executor is its own.
    executor = executor_id or task.task_id.value
    runs = f"/frameworks/{task.framework_id.value}/executors/{executor}/runs"
    containers = _containers(task)
    if not containers:
        return f"{runs}/latest/tasks/{task.task_id.value}", f"{runs}/latest"
    below = "".join(f"/containers/{one}" for one in containers[1:])
    return f"{runs}/{containers[0]}{below}", f"{runs}/latest{below}"


def container_of(task: Task) -> ContainerID | None:
    """The container that a task was last said to be in."""
    for status in reversed(task.statuses):
        container = None if status.container_status is None else status.container_status.container_id
        if container is not None:
            return container
    return None


def whole(sandbox: Sandbox, path: str, offset: int = 0) -> Iterator[bytes]:
    """A file from there up to the end that it has when it is reached."""
    while data := sandbox.read(path, offset).data:
        yield data
        offset += len(data)


def last_lines(sandbox: Sandbox, path: str, lines: int) -> tuple[bytes, int]:
    """The last lines of a file, and where they end."""
    begin = end = sandbox.read(path, 0, 0).size
    found = b""
    while begin > 0 and _complete_lines(found) < lines:
        step = min(PORTION_BYTES, begin)
        begin -= step
        found = sandbox.read(path, begin, step).data + found
    kept = found.split(b"\n")[-lines - found.endswith(b"\n") :] if lines else []
    return b"\n".join(kept), end


def follow(
    sandbox: Sandbox,
    path: str,
    offset: int,
    *,
    warn: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[bytes]:
    """What comes to a file from there on, for ever; from its beginning when it is made anew, or cut off.

    An agent that restarts is waited for.
    """
    away_seconds = 0.0
    while True:
        try:
            portion = sandbox.read(path, offset)
        except UnreachableError:
            away_seconds += LOOK_SECONDS
            if away_seconds > _AWAY_SECONDS:
                raise
            sleep(LOOK_SECONDS)
            continue
        away_seconds = 0.0
        if portion.size < offset:
            warn(f"{path}: is shorter than it was; it is read from its beginning")
            offset = 0
        elif portion.data:
            offset += len(portion.data)
            yield portion.data
        else:
            sleep(LOOK_SECONDS)


def _complete_lines(found: bytes) -> int:
    """How many lines are there for sure: before the first newline may stand the end of one."""
    return found.count(b"\n") - found.endswith(b"\n")


def _containers(task: Task) -> list[str]:
    """The ids of its container and of those around it, the outermost first."""
    found: list[str] = []
    container = container_of(task)
    while container is not None:
        found.insert(0, container.value)
        container = container.parent
    return found
