"""How much a node grants its peers."""

from __future__ import annotations

import pytest

from transport.limits import UNIT_BYTES, Limits, units


@pytest.mark.parametrize(
    ("size", "cost"), [(0, 1), (1, 1), (UNIT_BYTES - 1, 1), (UNIT_BYTES, 2), (8 * 1024 * 1024, 513)]
)
def test_a_message_costs_by_its_size(size: int, cost: int) -> None:
    assert units(size) == cost


def test_by_default_credit_is_given_back_in_steps_of_256() -> None:
    assert Limits().grant_step == 256


def test_a_window_too_small_for_the_largest_message_is_refused() -> None:
    with pytest.raises(ValueError, match="window 512: must be at least"):
        Limits(window=512)
    Limits(window=600)
