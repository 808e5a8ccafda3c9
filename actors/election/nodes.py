"""The nodes of a group in ZooKeeper: what their names say, and in which order they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_SEQUENCE = re.compile(r"(?:.*_)?([0-9]{1,10})", re.ASCII | re.DOTALL)


class Node(NamedTuple):
    """What was read of a member's node; it never changes."""

    data: bytes
    #: The session to which it belongs; 0 for none.
    owner: int
    #: Why it could not be read.
    error: str = ""


def sequence(name: str) -> int | None:
    """The number that ZooKeeper gave a node: its name, or what follows the label and an underscore.

    None for what is no member of the group, such as `log_replicas` (mesos-protocol.md §6).
    """
    found = _SEQUENCE.fullmatch(name)
    return None if found is None else int(found.group(1))


def members(names: Iterable[str]) -> tuple[str, ...]:
    """The members among the children of a group's path, the oldest first, whatever their labels."""
    numbered = ((sequence(name), name) for name in names)
    return tuple(
        name for _, name in sorted((number, name) for number, name in numbered if number is not None)
    )
