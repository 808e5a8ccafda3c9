"""How long a leader may act without hearing of ZooKeeper."""

from __future__ import annotations

import math

import pytest

from actors.election.lease import Lease


def test_without_a_session_nothing_may_be_done() -> None:
    assert Lease().until == -math.inf


@pytest.mark.parametrize(("timeout_seconds", "left_seconds"), [(10.0, 9.0), (40.0, 36.0), (2.0, 1.5)])
def test_the_lease_ends_a_margin_before_the_session_can(timeout_seconds: float, left_seconds: float) -> None:
    lease = Lease()
    lease.connected(100.0, timeout_seconds)
    assert lease.until == 100.0 + left_seconds


def test_each_sign_of_life_puts_the_end_off() -> None:
    lease = Lease()
    lease.connected(100.0, 10.0)
    lease.alive(103.0)
    assert lease.until == 112.0


def test_a_broken_connection_leaves_a_third_of_the_time_less_half_a_second() -> None:
    lease = Lease()
    lease.connected(100.0, 12.0)
    lease.suspended(101.0)
    assert lease.until == 104.5


def test_a_broken_connection_that_is_noticed_late_leaves_no_more_than_there_was() -> None:
    lease = Lease()
    lease.connected(100.0, 12.0)
    lease.suspended(109.0)
    assert lease.until == 110.8


def test_a_late_sign_of_life_is_no_connection() -> None:
    lease = Lease()
    lease.connected(100.0, 12.0)
    lease.suspended(101.0)
    lease.alive(100.9)
    assert lease.until == 104.5


def test_a_new_connection_of_the_session_gives_the_time_back() -> None:
    lease = Lease()
    lease.connected(100.0, 10.0)
    lease.suspended(101.0)
    lease.connected(102.0, 10.0)
    assert lease.until == 111.0


def test_the_end_of_the_session_is_the_end() -> None:
    lease = Lease()
    lease.connected(100.0, 10.0)
    lease.end()
    assert lease.until == -math.inf
