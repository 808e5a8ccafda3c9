"""What a planted bug is, and the search for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

from tests.simulation.paxos.schedule import Schedule

#: The right method, and what makes a wrong one of it, or a wrong property.
Right: TypeAlias = Callable[..., Any]
Spoil: TypeAlias = Callable[[Right], Any]

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
    #: Where the quick search begins: a seed that is known to find it, or a little before.
    first: int = 0


class Find(NamedTuple):
    """The first schedule that failed, and what noticed."""

    seed: int
    invariant: str
    reason: str


def returns(value: object) -> Spoil:
    """In place of a method: one that does nothing and gives this."""
    return lambda right: lambda *_args, **_more: value


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Have the bug be there."""
    right = vars(bug.owner)[bug.attribute]
    setattr(bug.owner, bug.attribute, bug.spoil(right))
    try:
        yield
    finally:
        setattr(bug.owner, bug.attribute, right)


def search(bug: Bug, first: int = 0) -> Find | None:
    """Run schedules from a seed on until one fails."""
    with planted(bug):
        for seed in range(first, first + bug.schedules):
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
