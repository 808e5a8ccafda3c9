from __future__ import annotations

import pytest

from actors.executor.checks.health import Health, Verdict
from actors.executor.checks.look import Seen
from transport.records.check import HealthCheck

GOOD, BAD = Seen(exit_code=0), Seen(exit_code=7)
FAILURE = "the command exited with 7"


def health(*, grace: float | None = 0.0, failures: int | None = None) -> Health:
    return Health(HealthCheck(grace_period_seconds=grace, consecutive_failures=failures), 100.0)


@pytest.mark.parametrize(
    ("seen", "failure"),
    [
        (Seen(exit_code=0), None),
        (Seen(exit_code=1), "the command exited with 1"),
        (Seen(status_code=200), None),
        (Seen(status_code=399), None),
        (Seen(status_code=199), "the HTTP status was 199"),
        (Seen(status_code=400), "the HTTP status was 400"),
        (Seen(status_code=503), "the HTTP status was 503"),
        (Seen(connected=True), None),
        (Seen(connected=False, error="refused"), "refused"),
        (Seen(error="it took longer than 20 s"), "it took longer than 20 s"),
        (Seen(), "no connection"),
    ],
)
def test_what_is_healthy(seen: Seen, failure: str | None) -> None:
    verdict = health().judge(seen, 101.0)
    assert verdict == Verdict(failure is None, kills=False, message=failure)


def test_the_first_success_is_told_and_others_are_not() -> None:
    judge = health()
    assert judge.judge(GOOD, 101.0) == Verdict(healthy=True)
    assert judge.judge(GOOD, 102.0) == Verdict()


def test_every_failure_is_told_and_the_recovery() -> None:
    judge = health()
    judge.judge(GOOD, 101.0)
    assert judge.judge(BAD, 102.0) == Verdict(False, kills=False, message=FAILURE)
    assert judge.judge(BAD, 103.0) == Verdict(False, kills=False, message=FAILURE)
    assert judge.judge(GOOD, 104.0) == Verdict(healthy=True)
    assert judge.judge(GOOD, 105.0) == Verdict()


def test_so_many_failures_in_a_row_kill() -> None:
    judge = health(failures=3)
    for seen in (BAD, BAD, GOOD, BAD, BAD):
        assert not judge.judge(seen, 101.0).kills
    assert judge.judge(BAD, 101.0) == Verdict(False, kills=True, message=FAILURE)


def test_mesos_defaults_are_3_failures_and_10_seconds() -> None:
    judge = health(grace=None)
    assert judge.judge(BAD, 110.0) == Verdict()
    kills = [judge.judge(BAD, 110.5).kills for _ in range(3)]
    assert kills == [False, False, True]


def test_failures_in_the_grace_do_not_count_before_the_first_success() -> None:
    judge = health(grace=30.0, failures=1)
    assert judge.judge(BAD, 129.0) == Verdict()
    assert judge.judge(BAD, 131.0).kills


def test_failures_in_the_grace_count_after_a_success() -> None:
    judge = health(grace=30.0, failures=1)
    judge.judge(GOOD, 101.0)
    assert judge.judge(BAD, 102.0).kills
