from __future__ import annotations

import pytest

from tests.actors.master.allocator.agreement import agree


@pytest.mark.parametrize("first_seed", range(0, 400, 50))
def test_the_same_history_gives_the_same_offers(first_seed: int) -> None:
    """Agents, roles, weights, quotas, reservations, volumes, filters, constraints: all of it, at random."""
    runs = sum(agree(seed, steps=25) for seed in range(first_seed, first_seed + 50))

    assert runs > 200
