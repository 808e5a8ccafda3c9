"""What containers use, as the kernel counts it for their processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from containerizers.census import Census
from containerizers.containerizer import Usage

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Meter:
    """Measures the containers of one runtime directory; for any thread, one after the other."""

    def __init__(self, place: str) -> None:
        # Of its own: what a census remembers is for one thread.
        self._census = Census(place)
        self._turn = threading.Lock()

    def read(self, first: Mapping[str, int | None]) -> Mapping[str, Usage]:
        """What these containers use, by id; `first` tells the numbers of their first processes."""
        members = self.processes(first)
        return {
            container_id: measure(members[container_id], process) for container_id, process in first.items()
        }

    def processes(self, first: Mapping[str, int | None]) -> Mapping[str, tuple[int, ...]]:
        """The numbers of the processes of these containers, by id."""
        sessions = {process: container_id for container_id, process in first.items() if process is not None}
        with self._turn:
            members = self._census.take(sessions)
        return {container_id: tuple(members.get(container_id, ())) for container_id in first}


def measure(processes: Iterable[int], first: int | None = None) -> Usage:
    """What these processes use together; of one that was not reaped yet the time counts."""
    count = threads = user = system = pages = 0
    for process in processes:
        fields = _fields(process)
        if fields is None:
            continue
        # Counted from the state, which is the third of proc(5): 14 to 17 are times, its own and those of
        # children that it has waited for; 20 is the number of threads, and 24 its resident pages.
        user += int(fields[11]) + int(fields[13])
        system += int(fields[12]) + int(fields[14])
        if fields[0] not in "ZX":  # else it has ended, and waits to be reaped
            count += 1
            threads += int(fields[17])
            pages += int(fields[21])
    return Usage(
        process=first,
        processes=count,
        threads=threads,
        user_seconds=user / _TICKS,
        system_seconds=system / _TICKS,
        memory_bytes=pages * _PAGE_BYTES,
    )


def _fields(process: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in parentheses, may hold anything.
    return text[text.rindex(")") + 2 :].split()
