"""PION_SEED_FACTOR=100 runs a hundred times as many; `python -m tests.simulation.paxos run` runs millions."""

import pytest

from actors.simulation.replay import seeds
from tests.simulation.paxos.schedule import Schedule

SCHEDULES = 5_000
#: They are run in parts, so that a part that fails can be run alone.
PARTS = 10


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_goes_wrong_the_log_keeps_what_was_chosen_and_goes_on(part: int) -> None:
    for seed in seeds(SCHEDULES // PARTS, part * SCHEDULES // PARTS):
        try:
            Schedule(seed).run()
        except Exception as error:
            error.add_note(f"to see it again: python -m tests.simulation.paxos run --seed {seed}")
            raise


def test_the_same_seed_gives_the_same_course() -> None:
    stories = []
    for _ in range(2):
        schedule = Schedule(17, tells=True)
        schedule.run()
        stories.append(schedule.world.story)
    assert stories[0] == stories[1]
    assert stories[0] is not None
    assert len(stories[0]) > 20
