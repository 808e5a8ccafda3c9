from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from actors.master.allocator.random_sorter import RandomSorter


def sorter(*paths: str, name: str = "roles") -> RandomSorter[str]:
    made: RandomSorter[str] = RandomSorter(name)
    for number, path in enumerate(paths):
        made.set_mask(made.add(path, path), 1 << number)
    return made


def order(made: RandomSorter[str], turn: str, mask: int = -1) -> list[str]:
    return [client.subject for client in made.order(mask, turn)]


def test_the_same_turn_gives_the_same_order_and_other_turns_give_others() -> None:
    paths = [f"role{number}" for number in range(20)]
    made = sorter(*paths)

    assert order(made, "one") == order(made, "one")
    assert sorted(order(made, "one")) == sorted(paths)
    assert order(made, "one") != order(made, "two")
    assert order(made, "one") != order(sorter(*paths, name="frameworks"), "one")


def test_leaving_some_out_does_not_change_the_order_of_the_others() -> None:
    made = sorter("a", "b", "c", "d")

    for turn in map(str, range(20)):
        assert [path for path in order(made, turn) if path != "b"] == order(made, turn, mask=0b1101)


def test_chances_follow_the_weights_on_each_level() -> None:
    """a is drawn twice as often as b; its two children share its chance."""
    made = sorter("a/x", "a/y", "b")
    made.set_weight("a", Fraction(2))
    firsts = Counter(order(made, str(turn))[0] for turn in range(6000))

    assert {path: count / 6000 for path, count in firsts.items()} == pytest.approx(
        {"a/x": 1 / 3, "a/y": 1 / 3, "b": 1 / 3}, abs=0.03
    )
    made.set_weight("a/x", Fraction(3))
    firsts = Counter(order(made, str(turn))[0] for turn in range(6000))
    assert firsts["a/x"] / 6000 == pytest.approx(1 / 2, abs=0.03)


def test_who_takes_no_offers_is_never_drawn() -> None:
    made = sorter("a", "b")
    made.set_mask(made.root.children["a"], 0)

    assert order(made, "one") == ["b"]
    assert made.first(1, "one") is None
