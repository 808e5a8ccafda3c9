"""Sets of integers as sorted ranges: `((31000, 31009), (31011, 32000))`, both ends included.

In a `Ranges` the ranges neither overlap nor touch, so equal sets are equal tuples.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]


def coalesce(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """Sort ranges and join those that overlap or touch; each must begin no later than it ends."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(pairs):
        if joined and begin <= joined[-1][1] + 1:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return tuple(joined)


def union(left: Ranges, right: Ranges) -> Ranges:
    """The integers in either."""
    if len(left) == len(right) == 1:  # as a rule
        ((begin, end),) = left
        ((begin2, end2),) = right
        if begin <= end2 + 1 and begin2 <= end + 1:
            return ((begin if begin < begin2 else begin2, end if end > end2 else end2),)
    return coalesce(left + right)


def difference(left: Ranges, right: Ranges) -> Ranges:
    """The integers of `left` that are not in `right`."""
    if len(left) == len(right) == 1:  # as a rule
        ((begin, end),) = left
        ((taken_begin, taken_end),) = right
        if begin == taken_begin and taken_end < end:
            return ((taken_end + 1, end),)
    remaining: list[tuple[int, int]] = []
    position = 0
    for begin, end in left:
        while position < len(right) and right[position][1] < begin:
            position += 1
        index = position
        while index < len(right) and right[index][0] <= end:
            if begin < right[index][0]:
                remaining.append((begin, right[index][0] - 1))
            begin = right[index][1] + 1
            index += 1
        if begin <= end:
            remaining.append((begin, end))
    return tuple(remaining)


def intersection(left: Ranges, right: Ranges) -> Ranges:
    """The integers in both."""
    return difference(left, difference(left, right))


def contains(left: Ranges, right: Ranges) -> bool:
    """Whether every integer of `right` is in `left`."""
    if len(left) == 1 and right:
        begin, end = left[0]
        return begin <= right[0][0] and right[-1][1] <= end
    for begin, end in right:
        position = bisect_right(left, (begin, end))
        if position < len(left) and left[position][0] == begin:
            continue  # begins with it and is longer
        if position == 0 or left[position - 1][1] < end:
            return False
    return True


def count(ranges: Ranges) -> int:
    """How many integers there are."""
    return sum(end - begin + 1 for begin, end in ranges)
