from __future__ import annotations

import random

from actors.executor.audience import Audience
from transport.messages.attaching import WINDOW_BYTES

HALF = WINDOW_BYTES // 2


def test_the_first_listener_may_be_told_a_window() -> None:
    audience = Audience[str]()
    assert not audience
    assert audience.join("one", 0.0) == WINDOW_BYTES
    assert audience.listeners == ("one",)


def test_what_is_taken_may_be_told_again() -> None:
    audience = Audience[str]()
    audience.join("one", 0.0)
    audience.tell(HALF)
    assert audience.take("one", HALF, 1.0) == HALF
    assert audience.take("one", 1, 1.0) == 0


def test_the_slowest_listener_sets_the_pace() -> None:
    audience = Audience[str]()
    audience.join("slow", 0.0)
    assert audience.join("fast", 0.0) == 0
    audience.tell(HALF)
    assert audience.take("fast", HALF, 1.0) == 0
    assert audience.take("slow", 10, 1.0) == 10
    assert audience.leave("slow") == HALF - 10


def test_who_comes_later_is_told_what_comes_from_then_on() -> None:
    audience = Audience[str]()
    audience.join("one", 0.0)
    audience.tell(HALF)
    assert audience.join("two", 0.0) == 0
    assert audience.take("one", HALF, 1.0) == HALF


def test_nobody_takes_more_than_was_told() -> None:
    audience = Audience[str]()
    audience.join("one", 0.0)
    assert audience.take("one", WINDOW_BYTES, 0.0) == 0
    assert audience.take("one", -5, 0.0) == 0
    assert audience.take("nobody", 5, 0.0) == 0


def test_who_holds_up_all_others_for_long_is_stalled() -> None:
    audience = Audience[str]()
    audience.join("slow", 0.0)
    audience.join("fast", 0.0)
    audience.tell(WINDOW_BYTES - 1)
    assert audience.stalled(100.0, 10.0) == ()  # there is still something to be told
    audience.tell(1)
    audience.take("fast", HALF, 95.0)
    assert audience.stalled(100.0, 10.0) == ("slow",)
    assert audience.stalled(5.0, 10.0) == ()
    audience.take("slow", 1, 99.0)
    assert audience.stalled(100.0, 10.0) == ()


def test_no_more_is_ever_granted_than_the_slowest_has_room_for() -> None:
    rng = random.Random(1)
    audience = Audience[int]()
    granted = told = 0
    places: dict[int, int] = {}
    for step in range(5_000):
        listener = rng.randrange(4)
        if listener not in places:
            granted += audience.join(listener, float(step))
            places[listener] = told
        elif rng.random() < 0.05 and len(places) > 1:
            granted += audience.leave(listener)
            del places[listener]
        elif rng.random() < 0.5:
            size = rng.randint(0, told - places[listener])
            granted += audience.take(listener, size, float(step))
            places[listener] += size
        elif granted > told:
            size = rng.randint(1, granted - told)
            audience.tell(size)
            told += size
        assert granted <= min(places.values()) + WINDOW_BYTES
        assert granted >= told
    assert told > 10 * WINDOW_BYTES
