"""What a planted bug is, and the search for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

from tests.simulation.paxos.schedule import Schedule

#: Makes a wrong method from the right one.
Spoil: TypeAlias = Callable[[Any], Any]

_INVARIANT = re.compile(r"\bI\d+\b")


class Bug(NamedTuple):
    """One method, or property, that is wrong."""

    name: str
    #: A class, and what of it is wrong.
    owner: Any
    attribute: str
    spoil: Spoil
    #: It must be found within so many schedules.
    schedules: int = 300


class Find(NamedTuple):
    """The first schedule that failed, and what noticed."""

    seed: int
    invariant: str
    reason: str


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Have the bug be there."""
    right = vars(bug.owner)[bug.attribute]
    setattr(bug.owner, bug.attribute, bug.spoil(right))
    try:
        yield
    finally:
        setattr(bug.owner, bug.attribute, right)


def search(bug: Bug) -> Find | None:
    """Run schedules until one fails."""
    with planted(bug):
        for seed in range(bug.schedules):
            reason = failure(seed)
            if reason is not None:
                return Find(seed, _noticed(reason), reason)
    return None


def failure(seed: int) -> str | None:
    """Why a schedule fails; None if it goes well."""
    try:
        Schedule(seed).run()
    except Exception as error:  # noqa: BLE001  a bug may show in any way
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return None


def _noticed(reason: str) -> str:
    found = _INVARIANT.search(reason)
    if found is not None:
        return found[0]
    return "progress" if "progress" in reason else "an assertion"
