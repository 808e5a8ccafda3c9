import pytest

from tests.simulation.paxos.planted.bug import Bug, failure, search
from tests.simulation.paxos.planted.bugs import BUGS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_a_planted_bug_is_found_and_without_it_all_is_well(bug: Bug) -> None:
    find = search(bug, first=bug.first)
    assert find is not None, f"{bug.name}: not within {bug.schedules} schedules"
    assert failure(find.seed) is None


def test_every_planted_bug_is_another_one() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 20
