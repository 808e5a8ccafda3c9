"""Ranges behave as the sets of integers that they stand for."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from transport.records.ranges import Ranges, coalesce, contains, count, difference, intersection, union


def members(ranges: Ranges) -> set[int]:
    return {integer for begin, end in ranges for integer in range(begin, end + 1)}


def any_pairs(rng: Random) -> list[tuple[int, int]]:
    begins = [rng.randrange(30) for _ in range(rng.randint(0, 5))]
    return [(begin, begin + rng.randrange(6)) for begin in begins]


def is_canonical(ranges: Ranges) -> bool:
    return all(left[1] + 1 < right[0] for left, right in pairwise(ranges))


def test_ranges_agree_with_sets() -> None:
    rng = Random(3)
    for _ in range(5_000):
        pairs = any_pairs(rng)
        left, right = coalesce(pairs), coalesce(any_pairs(rng))
        a, b = members(left), members(right)
        assert a == members(tuple(pairs))
        assert members(union(left, right)) == a | b
        assert members(difference(left, right)) == a - b
        assert members(intersection(left, right)) == a & b
        assert contains(left, right) == (a >= b)
        assert count(left) == len(a)


def test_results_are_canonical_so_that_equal_sets_are_equal() -> None:
    rng = Random(4)
    for _ in range(5_000):
        left, right = coalesce(any_pairs(rng)), coalesce(any_pairs(rng))
        for result in (left, union(left, right), difference(left, right), intersection(left, right)):
            assert is_canonical(result), (left, right, result)


@pytest.mark.parametrize(
    ("pairs", "joined"),
    [
        ([(5, 9), (1, 4)], ((1, 9),)),
        ([(1, 9), (2, 3)], ((1, 9),)),
        ([(1, 2), (4, 5)], ((1, 2), (4, 5))),
        ([], ()),
    ],
)
def test_ranges_that_overlap_or_touch_are_joined(pairs: list[tuple[int, int]], joined: Ranges) -> None:
    assert coalesce(pairs) == joined
