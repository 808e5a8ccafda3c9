"""What a planted bug is, and the search for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeAlias

from actors.simulation.replay import Scenario, prepare, run

#: Makes a wrong method from the right one.
Spoil: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

_INVARIANT = re.compile(r"\bI\d+\b")


class Bug(NamedTuple):
    """One method that is wrong, and the scenario in which that must show."""

    name: str
    #: A class or a module, and what of it is wrong.
    owner: Any
    attribute: str
    spoil: Spoil
    scenario: Scenario
    #: It must be found within so many seeds.
    seeds: int = 10
    #: The one to begin with, since it found it when that was last looked for.
    first: int = 0


class Find(NamedTuple):
    """The first seed that failed, and what noticed."""

    seed: int
    invariant: str
    reason: str


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Have the bug be there, in handlers of messages too."""
    right = getattr(bug.owner, bug.attribute)
    wrong = bug.spoil(right)
    handlers = {
        kind: handler for kind, handler in getattr(bug.owner, "_handlers", {}).items() if handler is right
    }
    setattr(bug.owner, bug.attribute, wrong)
    for kind in handlers:
        bug.owner._handlers[kind] = wrong
    try:
        yield
    finally:
        setattr(bug.owner, bug.attribute, right)
        for kind, handler in handlers.items():
            bug.owner._handlers[kind] = handler


def search(bug: Bug) -> Find | None:
    """Run seeds until one fails."""
    with planted(bug):
        for seed in (*range(bug.first, bug.seeds), *range(bug.first)):
            reason = failure(bug.scenario, seed)
            if reason is not None:
                return Find(seed, _noticed(reason), reason)
    return None


def _noticed(reason: str) -> str:
    found = _INVARIANT.search(reason)
    if found is not None:
        return found[0]
    return "progress" if "not settled" in reason else "an assertion"


def failure(scenario: Scenario, seed: int) -> str | None:
    """The first line of why a scenario fails; None if it goes well."""
    try:
        run(scenario, prepare(scenario, seed))
    except Exception as error:  # noqa: BLE001  a bug may show in any way
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return None
