"""How long to leave an address alone after it failed."""

from __future__ import annotations

import random

from transport.backoff import Backoff
from transport.limits import Limits


def pauses(seed: int, failures: int) -> list[float]:
    backoff = Backoff(Limits(), random.Random(seed))
    now, found = 100.0, []
    for _ in range(failures):
        backoff.failed(now)
        found.append(backoff.dial_at(now) - now)
        now += found[-1]
    return found


def test_an_address_that_never_failed_is_dialed_at_once() -> None:
    assert Backoff(Limits(), random.Random(1)).dial_at(5.0) == 5.0


def test_each_failure_doubles_the_pause_up_to_the_greatest() -> None:
    for seed in range(20):
        for number, pause in enumerate(pauses(seed, 40)):
            most = min(0.1 * 2**number, 4.0)
            assert most / 2 <= pause <= most + 1e-9


def test_chance_spreads_the_dials_of_many() -> None:
    assert len({round(pauses(seed, 8)[-1], 3) for seed in range(50)}) > 40


def test_a_connection_that_stood_long_begins_anew() -> None:
    backoff = Backoff(Limits(), random.Random(1))
    for _ in range(10):
        backoff.failed(0.0)
    backoff.failed(100.0, stood_seconds=10.0)
    assert backoff.dial_at(100.0) <= 100.1


def test_a_connection_that_broke_soon_does_not() -> None:
    backoff = Backoff(Limits(), random.Random(1))
    for _ in range(10):
        backoff.failed(0.0)
    backoff.failed(100.0, stood_seconds=1.0)
    assert backoff.dial_at(100.0) >= 102.0


def test_punishment_refuses_and_delays() -> None:
    backoff = Backoff(Limits(), random.Random(1))
    backoff.punish(5.0)
    assert backoff.refused_until == 15.0
    assert backoff.dial_at(6.0) == 15.0


def test_the_past_is_over_some_time_after_the_last_pause() -> None:
    backoff = Backoff(Limits(), random.Random(1))
    backoff.punish(5.0)
    assert not backoff.over(18.0)
    assert backoff.over(20.0)
