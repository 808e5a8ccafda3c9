from __future__ import annotations

from actors.master.allocator.holdback import Holdback


def expecting(agents: int, there: int = 0) -> Holdback:
    holdback = Holdback(factor=0.8, timeout_seconds=600.0)
    holdback.expect(agents, there, now=100.0)
    return holdback


def test_it_ends_when_enough_agents_are_there() -> None:
    holdback = expecting(10)

    assert holdback.is_on
    assert not holdback.has_ended(there=7)
    assert holdback.has_ended(there=8)


def test_it_ends_when_it_takes_too_long() -> None:
    holdback = expecting(10)

    assert not holdback.has_ended(there=0, now=699.9)
    assert holdback.has_ended(there=0, now=700.0)


def test_it_does_not_begin_when_enough_are_there_already() -> None:
    assert not expecting(10, there=8).is_on
    assert not expecting(0).is_on


def test_the_factor_is_the_decimal_that_was_written() -> None:
    """0.7 x 10 is a little less than 7 in binary."""
    holdback = Holdback(factor=0.7, timeout_seconds=1.0)
    holdback.expect(10, there=6, now=0.0)

    assert holdback.is_on
    assert holdback.has_ended(there=7)


def test_a_pause_ends_only_when_it_is_ended() -> None:
    holdback = Holdback(factor=0.8, timeout_seconds=1.0)
    holdback.begin()
    assert not holdback.has_ended(there=100, now=1e9)

    holdback.end()

    assert not holdback.is_on
