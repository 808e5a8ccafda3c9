from __future__ import annotations

import time

import pytest

from containerizers.fetcher.budget import Allowance, Budget, Pace
from containerizers.fetcher.failure import FetchError


def test_bytes_are_counted_over_all_files_and_each_is_progress() -> None:
    ticks: list[None] = []
    budget = Budget(10, lambda: ticks.append(None))
    budget.spend(4)
    budget.spend(6)
    assert (budget.left_bytes, len(ticks)) == (0, 2)
    with pytest.raises(FetchError, match="larger than 10 bytes in all"):
        budget.spend(1)


def test_an_archive_has_bounds_of_its_own() -> None:
    allowance = Allowance(Budget(10), 20, 2)
    allowance.unpack(20)
    allowance.write(10)
    allowance.add()
    allowance.add()
    with pytest.raises(FetchError, match="more than 20 bytes"):
        allowance.unpack(1)
    with pytest.raises(FetchError, match="more than 2 files"):
        allowance.add()
    with pytest.raises(FetchError, match="larger than 10 bytes"):
        allowance.write(1)


def test_less_than_a_byte_a_second_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = Pace(60.0)
    for _ in range(3):
        now += 59.0
        pace.advance(60)
        assert pace.rest() == 60.0
    now += 30.0
    pace.advance(59)
    assert pace.rest() == 30.0
    now += 30.0
    with pytest.raises(FetchError, match="next to nothing, for 60 s"):
        pace.rest()
