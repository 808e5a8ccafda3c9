import random

import pytest

from actors.simulation.agenda import Agenda
from actors.simulation.clock import EPOCH, SimulatedClock


def clock_of(seed: int) -> tuple[Agenda, SimulatedClock]:
    agenda = Agenda()
    return agenda, SimulatedClock(agenda, random.Random(seed))


def test_clocks_begin_anywhere_and_run_almost_true() -> None:
    clocks = [clock_of(seed) for seed in range(20)]
    assert len({clock.now() for _, clock in clocks}) == 20
    for agenda, clock in clocks:
        before = clock.now()
        agenda.now = 1000.0
        assert clock.now() - before == pytest.approx(1000.0, abs=0.11)


def test_the_wall_clock_tells_about_the_right_date() -> None:
    agenda, clock = clock_of(1)
    agenda.now = 3600.0
    assert clock.wall() == pytest.approx(EPOCH + 3600.0, abs=0.1)


def test_a_jump_moves_the_wall_clock_alone() -> None:
    _, clock = clock_of(1)
    now, wall = clock.now(), clock.wall()
    clock.jump(-86_400.0)
    assert clock.now() == now
    assert clock.wall() == pytest.approx(wall - 86_400.0)


def test_a_drifting_clock_goes_on_from_where_it_was() -> None:
    agenda, clock = clock_of(1)
    agenda.now = 10.0
    before = clock.now()
    clock.drift(2.0)
    assert clock.now() == before
    agenda.now = 13.0
    assert clock.now() == pytest.approx(before + 6.0)


def test_drifting_says_how_much_longer_timers_take() -> None:
    _, clock = clock_of(1)
    clock.drift(0.5)
    assert clock.drift(2.0) == pytest.approx(0.25)


def test_a_clock_that_stands_still_is_refused() -> None:
    _, clock = clock_of(1)
    with pytest.raises(ValueError, match="must be positive"):
        clock.drift(0.0)


def test_after_a_reboot_it_counts_from_another_moment() -> None:
    agenda, clock = clock_of(1)
    agenda.now = 10.0
    before = clock.now()
    clock.boot()
    assert clock.now() != before
