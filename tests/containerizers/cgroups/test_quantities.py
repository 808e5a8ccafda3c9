from __future__ import annotations

import math

import pytest

from containerizers.cgroups import quantities
from containerizers.spec import Limits

MIB = 1 << 20


@pytest.mark.parametrize(
    ("cpus", "shares", "weight"),
    [(1, 1024, 100), (0.5, 512, 50), (0, 2, 1), (0.001, 2, 1), (0.1, 102, 10), (4000, 262_144, 10_000)],
)
def test_processors_weigh_as_the_kernels_own_groups_do(cpus: float, shares: int, weight: int) -> None:
    assert (quantities.shares(cpus), quantities.weight(cpus)) == (shares, weight)


@pytest.mark.parametrize(
    ("limit", "quota"),
    [(None, None), (math.inf, None), (1, 100_000), (2.5, 250_000), (0.001, 1000), (0, 1000)],
)
def test_a_hard_limit_is_a_part_of_each_period(limit: float | None, quota: int | None) -> None:
    assert quantities.quota_microseconds(Limits(cpus_limit=limit)) == quota


@pytest.mark.parametrize(
    ("asked", "given"), [(None, None), (0, 32 * MIB), (32 * MIB, 32 * MIB), (1 << 40, 1 << 40)]
)
def test_nobody_gets_less_memory_than_a_program_needs(asked: int | None, given: int | None) -> None:
    assert quantities.memory_bytes(asked) == given
