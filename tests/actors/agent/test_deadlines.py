from __future__ import annotations

import random

from actors.agent.deadlines import Deadlines


def test_what_is_due_is_taken_in_the_order_in_which_it_came_due() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for key, due in (("late", 9.0), ("first", 1.0), ("second", 2.0), ("same", 2.0)):
        deadlines.set(key, due)
    assert deadlines.next() == 1.0
    assert deadlines.take(2.0) == ["first", "second", "same"]
    assert deadlines.take(2.0) == []
    assert deadlines.next() == 9.0
    assert "late" in deadlines
    assert "first" not in deadlines


def test_a_key_has_one_time_the_last_one_it_was_given() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("key", 1.0)
    deadlines.set("key", 5.0)
    assert deadlines.take(4.0) == []
    deadlines.set("key", 2.0)
    assert deadlines.take(4.0) == ["key"]
    assert deadlines.next() is None


def test_what_is_discarded_or_cleared_never_comes_due() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 1.0)
    deadlines.set("b", 1.0)
    deadlines.discard("a")
    deadlines.discard("never there")
    assert deadlines.take(2.0) == ["b"]
    deadlines.set("c", 1.0)
    deadlines.clear()
    assert deadlines.next() is None
    assert deadlines.take(9.0) == []


def test_keys_that_come_and_go_leave_nothing_behind() -> None:
    deadlines: Deadlines[int] = Deadlines()
    for number in range(20_000):
        deadlines.set(number, number + 600.0)
        deadlines.discard(number)
    assert len(deadlines) == 0
    assert len(deadlines._heap) <= 1001


def test_it_agrees_with_sorting_whatever_happens() -> None:
    rng = random.Random(1)
    deadlines: Deadlines[int] = Deadlines()
    known: dict[int, float] = {}
    for _ in range(5000):
        key, due = rng.randrange(40), float(rng.randrange(100))
        match rng.randrange(4):
            case 0:
                deadlines.discard(key)
                known.pop(key, None)
            case 1 if rng.random() < 0.2:
                taken = deadlines.take(due)
                assert sorted(taken) == sorted(key for key, when in known.items() if when <= due)
                times = [known.pop(key) for key in taken]
                assert times == sorted(times)
            case _:
                deadlines.set(key, due)
                known[key] = due
        assert deadlines.next() == min(known.values(), default=None)
