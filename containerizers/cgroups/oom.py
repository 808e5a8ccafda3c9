"""Descriptors that can be read when a container's memory may have run out."""

from __future__ import annotations

import os

from containerizers.cgroups.tree import CgroupError, Tree, of
from containerizers.linux.syscalls import named

_MODIFIED = 0x2


def v1_watch(tree: Tree, group: str) -> int:
    """An eventfd for a group of v1; raises CgroupError."""
    path = f"{group}/memory.oom_control"
    watch = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    try:
        control = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            tree.write(f"{group}/cgroup.event_control", f"{watch} {control}")
        finally:
            os.close(control)
    except OSError as error:
        os.close(watch)
        raise error if isinstance(error, CgroupError) else of(path, error, "watched") from None
    return watch


def v2_watch(group: str) -> int | None:
    """An inotify for a group of v2; None when the host has no more of them. Raises CgroupError."""
    path = f"{group}/memory.events"
    try:
        watch = named("inotify_init1", os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        named("inotify_add_watch", watch, os.fsencode(path), _MODIFIED)
    except OSError as error:
        os.close(watch)
        raise of(path, error, "watched") from None
    return watch
