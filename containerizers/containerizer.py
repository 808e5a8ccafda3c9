"""What makes containers, and what it reports of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

import msgspec


class ConsoleSpec(msgspec.Struct, frozen=True, kw_only=True):
    """That a container's input and output go through this process, so that others can attach to them."""

    #: Rows and columns of its pseudo terminal, 0 where that does not matter; None: it has three pipes.
    terminal: tuple[int, int] | None = None
    #: Whether nothing is read of what it writes before somebody listens.
    waits: bool = False


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What is to run in a container; paths are absolute."""

    #: The program and its arguments; the program is looked up in PATH of `environment`.
    arguments: tuple[str, ...]
    directory: str
    environment: Mapping[str, str] = {}
    #: A user's name; None: that of this process.
    user: str | None = None
    #: Files that take what it writes, appended to; None: /dev/null.
    stdout: str | None = None
    stderr: str | None = None
    #: None: it has no input, and only files take its output.
    console: ConsoleSpec | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a container has used, and uses."""

    #: The number of its first process.
    process: int | None = None
    processes: int = 0
    threads: int = 0
    #: Of all processes since they began, with those that ended among them.
    user_seconds: float = 0.0
    system_seconds: float = 0.0
    memory_bytes: int = 0


class Launched(msgspec.Struct, frozen=True):
    """A container runs; `process` is the number of its first process."""

    container_id: str
    process: int


class Ended(msgspec.Struct, frozen=True):
    """A container is no more, and nothing of it runs.

    `status` is as `os.waitpid` gives it; None when it could not be learned (adopted, and not a child of this
    process), or nothing was started. `error` says why it was not started.
    """

    container_id: str
    status: int | None = None
    error: str = ""


class Broken(msgspec.Struct, frozen=True):
    """A bug: nothing is told any more. Another containerizer must take its place, and adopt what runs."""

    reason: str


Event: TypeAlias = Launched | Ended | Broken
#: Takes events; may be called by any thread.
Notify: TypeAlias = Callable[[Event], None]


class Containerizer(Protocol):
    """Makes containers, and kills them; never blocks for long. What comes of it is told by events.

    Ids are made of letters, digits, `-` and `_`; that of a container nested in another is `parent.child`.
    For each `launch` and each `adopt` there is exactly one Ended in the end, after at most one Launched.
    """

    def launch(self, container_id: str, spec: Spec) -> None:
        """Start a container; raises ValueError when one of that id is there."""
        ...

    def signal(self, container_id: str, signal: int) -> None:
        """Send a signal to all processes of a container; nothing happens to one that is no more."""
        ...

    def destroy(self, container_id: str) -> None:
        """Kill all processes of a container and of those nested in it; Ended follows when they are gone."""
        ...

    def recover(self) -> tuple[str, ...]:
        """Ids of containers that run now and were left by a process before this one."""
        ...

    def adopt(self, container_id: str) -> None:
        """Report on a recovered container from now on; Ended at once if it is no more."""
        ...

    def environment(self, container_id: str) -> Mapping[str, str]:
        """What the first process of a container finds in its environment; nothing when that is gone."""
        ...

    def usage(self) -> Mapping[str, Usage]:
        """What all containers use, by id; may take a while, so it is for a thread that may wait."""
        ...

    def close(self) -> None:
        """Stop reporting; containers run on, but for those that were told to end before."""
        ...
