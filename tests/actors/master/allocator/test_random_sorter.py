from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from actors.master.allocator.lanes import Lanes
from actors.master.allocator.random_sorter import RandomSorter
from actors.master.allocator.totals import Totals


def sorter(*paths: str, roles: bool = True, frameworks: bool = True) -> RandomSorter[str]:
    """With a client for each `role:framework`."""
    made: RandomSorter[str] = RandomSorter(Totals(Lanes()), roles=roles, frameworks=frameworks)
    for number, path in enumerate(paths):
        role, _colon, framework = path.partition(":")
        made.set_mask(made.add(role, framework or "f", path), 1 << number)
    return made


def order(made: RandomSorter[str], turn: str, mask: int = -1) -> list[str]:
    return [client.subject for client in made.order(mask, turn)]


def test_the_same_turn_gives_the_same_order_and_other_turns_give_others() -> None:
    paths = [f"role{number}" for number in range(20)]
    made = sorter(*paths)

    assert order(made, "one") == order(made, "one")
    assert sorted(order(made, "one")) == sorted(paths)
    assert order(made, "one") != order(made, "two")


def test_leaving_some_out_does_not_change_the_order_of_the_others() -> None:
    made = sorter("a:f", "a:g", "b", "c:f", "c:g", "d")

    for turn in map(str, range(20)):
        without = [path for path in order(made, turn) if path not in ("a:g", "b")]
        assert without == order(made, turn, mask=0b111001)


def test_what_is_not_left_to_chance_is_ordered_by_share() -> None:
    """Without any shares that is by path."""
    paths = [f"role{number}:{name}" for number in range(6) for name in "fgh"]
    by_role, in_role = sorter(*paths, frameworks=False), sorter(*paths, roles=False)

    shuffled = order(by_role, "one")
    assert [path[-1] for path in shuffled] == ["f", "g", "h"] * 6
    assert shuffled != paths
    shuffled = order(in_role, "one")
    assert [path[:5] for path in shuffled] == [path[:5] for path in paths]
    assert shuffled != paths


def test_chances_follow_the_weights_on_each_level() -> None:
    """a is drawn twice as often as b; the two roles below it share its chance."""
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
    made.set_mask(made.leaves[1], 0)

    assert order(made, "one") == ["b"]
    assert made.first(1, "one") is None
