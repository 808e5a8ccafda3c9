"""Whom a scheduler follows, and when it tries again."""

from __future__ import annotations

import random

from frameworks.subscription import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Subscription
from transport.pid import Pid

ANNA, BEN = Pid("master", "anna", 6050), Pid("master", "ben", 6050)
ANNA_NOW = Pid("master", "anna", 6050, 7)


def test_a_leader_counts_when_it_is_another_one_or_reigns_anew() -> None:
    subscription = Subscription()
    assert subscription.lead(ANNA, 1)
    assert not subscription.lead(ANNA, 1)
    assert subscription.lead(ANNA, 2)
    assert subscription.lead(BEN, 3)
    assert subscription.leader == BEN
    assert subscription.lead(None, 3)
    assert subscription.leader is None


def test_the_detector_is_believed_when_it_names_an_older_epoch() -> None:
    subscription = Subscription()
    subscription.lead(BEN, 3)
    assert subscription.lead(ANNA, 2)
    assert subscription.leader == ANNA


def test_nobody_leads_while_a_newer_leader_may_be_there() -> None:
    subscription = Subscription()
    subscription.lead(ANNA, 2)
    assert not subscription.doubts(2)
    assert subscription.doubts(3)
    assert subscription.leader is None
    assert subscription.lead(ANNA, 2)
    assert not subscription.doubts(3)
    assert subscription.doubts(4)


def test_only_the_leader_answers() -> None:
    subscription = Subscription()
    assert not subscription.is_leader(ANNA_NOW)
    subscription.lead(ANNA, 0)
    assert subscription.is_leader(ANNA_NOW)
    assert not subscription.is_leader(Pid("agent", "anna", 6050, 7))


def test_the_only_master_may_be_known_by_another_name_of_its_host() -> None:
    subscription = Subscription()
    subscription.lead(Pid("master", "localhost", 6050), 0)
    assert subscription.is_leader(ANNA_NOW)


def test_a_former_leader_answers_too_late() -> None:
    subscription = Subscription()
    subscription.lead(ANNA, 1)
    subscription.lead(BEN, 2)
    assert not subscription.is_leader(ANNA_NOW)
    subscription.lead(None, 3)
    subscription.lead(BEN, 4)
    assert not subscription.is_leader(ANNA_NOW)


def test_pauses_double_up_to_a_limit_and_begin_anew_with_success() -> None:
    subscription, rng = Subscription(), random.Random(0)
    pauses = [subscription.pause_seconds(rng) for _ in range(12)]
    for number, pause in enumerate(pauses):
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**number)
        assert longest / 2 <= pause <= longest
    subscription.begin(ANNA_NOW)
    assert subscription.pause_seconds(rng) <= FIRST_PAUSE_SECONDS


def test_five_heartbeats_may_be_missed() -> None:
    subscription = Subscription()
    subscription.begin(ANNA_NOW)
    assert not any(subscription.missed() for _ in range(5))
    subscription.heard()
    assert [subscription.missed() for _ in range(6)] == [False] * 5 + [True]
