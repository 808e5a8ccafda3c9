"""What containers in control groups use."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import msgspec

from containerizers.cgroups.groups import Group
from containerizers.cgroups.tree import CgroupError
from containerizers.containerizer import Usage
from containerizers.network import has_own, interfaces, total
from containerizers.paths import parent_of
from containerizers.session import Session


def figures(
    first: Mapping[str, int | None], group: Callable[[str], Group], sessions: Iterable[Session]
) -> dict[str, Usage]:
    """What these containers use; `first` tells their first processes, `sessions` all that there are.

    Of one whose groups are gone nothing is told.
    """
    idlers = _idlers(sessions)
    found = {}
    for container_id, process in first.items():
        with contextlib.suppress(CgroupError):
            usage = group(container_id).usage()
            idle = idlers[container_id]
            found[container_id] = msgspec.structs.replace(
                usage,
                process=process,
                processes=max(0, usage.processes - idle),
                threads=max(0, usage.threads - idle),
                **({} if process is None or not has_own(process) else _network(process)),
            )
    return found


def _idlers(sessions: Iterable[Session]) -> Counter[str]:
    """How many processes that do nothing are in containers, with those nested in them."""
    idlers: Counter[str] = Counter()
    for session in sessions:
        container_id = session.container_id if session.idler is not None else ""
        while container_id:
            idlers[container_id] += 1
            container_id = parent_of(container_id)
    return idlers


def _network(process: int) -> Mapping[str, int]:
    return msgspec.structs.asdict(total(interfaces(process)))
