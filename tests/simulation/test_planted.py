import pytest

from tests.simulation.planted.bug import Bug, failure, search
from tests.simulation.planted.bugs import BUGS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_a_planted_bug_is_found_and_without_it_all_is_well(bug: Bug) -> None:
    find = search(bug)
    assert find is not None, f"{bug.name}: not found within {bug.seeds} seeds"
    assert failure(bug.scenario, find.seed) is None


def test_every_planted_bug_is_another_one() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 15
