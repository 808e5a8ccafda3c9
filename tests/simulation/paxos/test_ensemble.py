from collections.abc import Callable

import pytest

from actors.simulation.replay import seeds
from tests.simulation.paxos.ensemble import COURSES


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.__name__)
def test_the_real_processes_form_a_log_and_keep_it(course: Callable[[int], None]) -> None:
    for seed in seeds(COURSES[course]):
        course(seed)
