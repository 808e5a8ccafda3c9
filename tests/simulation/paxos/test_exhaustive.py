"""The whole of two positions is visited by `python -m tests.simulation.paxos exhaustive`."""

import pytest

from tests.simulation.paxos.exhaustive import Bounds, Explorer
from tests.simulation.paxos.planted.bug import planted
from tests.simulation.paxos.planted.bugs import BUGS

#: One position that two reigns want, with all that is learned of it; one that twins of an epoch want.
REIGNS = Bounds(epochs=(1, 2), positions=1)
TWINS = Bounds(epochs=(1, 1), positions=1, rounds=2, learning=False)

#: These show in some course of the small case.
PLAIN = (
    "a promise binds nobody who writes",
    "the same ballot is promised to twice",
    "a promise does not tell what was accepted",
    "a NOP is written where a value was accepted",
    "a quorum is one too few",
    "a promise is answered and not made",
)


@pytest.mark.parametrize("bounds", [REIGNS, TWINS], ids=["reigns", "twins"])
def test_no_course_of_a_small_log_chooses_twice_or_forgets(bounds: Bounds) -> None:
    count = Explorer(bounds).run()
    print(count)  # noqa: T201
    assert count.states > 10_000
    assert count.ends > 100


@pytest.mark.parametrize("name", PLAIN)
def test_a_planted_bug_shows_in_some_course(name: str) -> None:
    (bug,) = (bug for bug in BUGS if bug.name == name)
    bounds = TWINS if "twice" in name else REIGNS
    with planted(bug), pytest.raises(AssertionError):
        Explorer(bounds).run()
