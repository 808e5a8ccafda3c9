"""That a container's memory has run out, and that the kernel killed a process of it for that."""

from __future__ import annotations

import contextlib
import os
import select
from typing import Protocol

from containerizers.cgroups.readings import number, numbers
from containerizers.cgroups.tree import RefusedError, Tree
from containerizers.containerizer import Limitation


class OomWatch(Protocol):
    """Whoever waits on `descriptor` for `events` (of epoll) hears when to ask for the limitation.

    It may be heard without reason: when the group is removed, for one.
    """

    descriptor: int
    events: int

    def limitation(self) -> Limitation | None:
        """That processes were killed since the container had used up its memory, if they were."""
        ...

    def close(self) -> None:
        """Stop watching."""
        ...


class V1Watch:
    """`OomWatch` on a group of v1, and those in it, whose processes count with it."""

    events = select.EPOLLIN

    def __init__(self, tree: Tree, group: str) -> None:
        self._tree = tree
        self._group = group
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            self._register()
        except BaseException:
            os.close(self.descriptor)
            raise

    def limitation(self) -> Limitation | None:
        """See `OomWatch`."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.descriptor)
        tree, group = self._tree, self._group
        # Processes are killed, too, when the whole host has no memory left; then it was not its own limit.
        reached = any(number(tree.read_if(f"{group}/{kind}.failcnt")) for kind in ("memory", "memory.memsw"))
        if not reached or not self._killed(group):
            return None
        peak = number(tree.read_if(f"{group}/memory.max_usage_in_bytes"))
        return _limitation(number(tree.read_if(f"{group}/memory.limit_in_bytes")), peak)

    def close(self) -> None:
        """See `OomWatch`."""
        os.close(self.descriptor)

    def _register(self) -> None:
        path = f"{self._group}/memory.oom_control"
        try:
            control = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise RefusedError(f"control group's {path}: {error.strerror}", error.errno or 0) from None
        try:
            self._tree.write(f"{self._group}/cgroup.event_control", f"{self.descriptor} {control}")
        finally:
            os.close(control)

    def _killed(self, group: str) -> int:
        """How many processes were killed in it; v1 counts those of nested groups only there."""
        here = numbers(self._tree.read_if(f"{group}/memory.oom_control")).get(b"oom_kill", 0)
        return here + sum(self._killed(f"{group}/{name}") for name in self._tree.below(group))


class V2Watch:
    """`OomWatch` on a group of v2, which counts what happens in those below it."""

    events = select.EPOLLPRI

    def __init__(self, tree: Tree, group: str) -> None:
        self._tree = tree
        self._group = group
        path = f"{group}/memory.events"
        try:
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise RefusedError(f"control group's {path}: {error.strerror}", error.errno or 0) from None

    def limitation(self) -> Limitation | None:
        """See `OomWatch`."""
        try:
            counts = numbers(os.pread(self.descriptor, 4096, 0))
        except OSError:
            return None  # The group is gone.
        # `oom` counts only where the limit is that was reached.
        if not counts.get(b"oom") or not counts.get(b"oom_kill"):
            return None
        tree, group = self._tree, self._group
        limit = number(tree.read_if(f"{group}/memory.max"))
        peak = number(tree.read_if(f"{group}/memory.peak"))
        return _limitation(limit, limit if peak is None else peak)

    def close(self) -> None:
        """See `OomWatch`."""
        os.close(self.descriptor)


def _limitation(limit: int | None, used: int | None) -> Limitation:
    return Limitation("memory", f"Memory limit exceeded: limit {_mb(limit)}, most used {_mb(used)}", used)


def _mb(value: int | None) -> str:
    return "unknown" if value is None else f"{value / (1 << 20):.0f} MB"
