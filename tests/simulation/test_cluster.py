"""Whole clusters under faults.

Where the invariants of reliability.md §2 are checked: what an actor can see of itself it asserts in its
`check_invariants` after each of its turns; what shows between actors, `witness` on each message; what must be
true of all books at once, `rest` when nothing has happened for a while.

- I1 in `actors.master.cluster`, `actors.master.allocator.invariants`, `actors.agent.books`, at all times.
- I5: `landlord`, of its reservations and volumes; one total in all books: `rest`.
- I6: `cluster`, whenever offers are made.
- I2, I3, I8, I12 (what was promised is delivered), I14, I16: `rest`.
- A scenario does not settle before all is as it is wanted: I3 (what is free is offered again), I15 and I27
  (what is killed or torn down ends) show so, too.
- I4: `actors.master.cluster`; an offer that is used twice would be held twice.
- I7, I15 (no launch after a kill was answered): `stage`, as each task is started.
- I9, I10, I11, I12 (one at a time), I13, I21, I22, I23, I25, I28 (no new tasks): `witness`.
- I11, I25, I27: `workload`, what its handlers are told.
- That clients of HTTP get all events, and in order: `http.over_http`.
- I17, I24, and that of two masters only the later one acts: `succession`, where there are several.
"""

import pytest

from actors.simulation.replay import Scenario, check, prepare, run, seeds
from tests.simulation.cluster import (
    calm,
    fail_over,
    fail_over_in_bad_weather,
    fail_over_over_http,
    get_done,
    get_done_by_executors,
    get_done_in_bad_weather,
    get_done_in_containers,
    get_done_over_http,
    get_done_under_operators,
    keep_volumes,
    keep_volumes_over_http,
    keep_within_quota,
    undisturbed,
)

_SEEDS: dict[Scenario, int] = {
    undisturbed: 10,
    calm: 10,
    get_done: 70,
    get_done_in_bad_weather: 70,
    get_done_by_executors: 70,
    get_done_in_containers: 25,
    get_done_under_operators: 50,
    keep_volumes: 40,
    fail_over: 30,
    fail_over_in_bad_weather: 20,
    keep_within_quota: 20,
    get_done_over_http: 25,
    keep_volumes_over_http: 10,
    fail_over_over_http: 12,
}


@pytest.mark.parametrize("scenario", _SEEDS, ids=lambda scenario: scenario.__name__)
def test_all_that_is_to_be_done_gets_done_once_and_all_agree(scenario: Scenario) -> None:
    check(scenario, seeds(_SEEDS[scenario]))


@pytest.mark.parametrize("scenario", [get_done_by_executors, get_done_under_operators])
def test_the_same_seed_gives_the_same_course(scenario: Scenario) -> None:
    digests = []
    for _ in range(2):
        sim = prepare(scenario, 3)
        digests.append(run(scenario, sim).digest())
    assert digests[0] == digests[1]
