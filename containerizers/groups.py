"""Process groups, which are signalled whole: with a child that a member is making just then."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable

from containerizers.stamp import stat

#: So often those that multiply are stopped before all are killed.
_STOPPING_ROUNDS = 20


def runs(process: int) -> bool:
    """Whether there is such a process, and it can still do anything."""
    seen = stat(process)
    return seen is not None and seen.runs


def send(number: int, processes: Iterable[int]) -> None:
    """Signal all groups that these belong to; a group lies wholly in one session."""
    for group in _groups(processes):
        _signal(group, number)


def kill(processes: Iterable[int], count: Callable[[], Iterable[int]]) -> None:
    """Kill all groups that these belong to, and those that they have become by then, which `count` tells.

    Where there are several, one may make another while the next one is killed: all are stopped first.
    """
    groups = _groups(processes)
    if len(groups) > 1:
        for _ in range(_STOPPING_ROUNDS):
            for group in groups:
                _signal(group, signal.SIGSTOP)
            found = _groups(filter(runs, count()))
            if found.keys() <= groups.keys():
                break
            groups |= found
    for group in groups:
        _signal(group, signal.SIGKILL)


def _groups(processes: Iterable[int]) -> dict[int, None]:
    """The groups of these, in order."""
    groups: dict[int, None] = {}
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            groups[os.getpgid(process)] = None
    return groups


def _signal(group: int, number: int) -> None:
    # Nothing is left of it, or it has become another user's.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
