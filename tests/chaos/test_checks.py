"""Each check finds what it is there for, in histories that are made up."""

from __future__ import annotations

import pytest

from tests.chaos.checks import (
    Check,
    acknowledged_operations_stay,
    all_agree_at_rest,
    every_end_is_told,
    everything_heals_without_hands,
    no_task_ends_unasked,
    nothing_crashes,
    replicas_agree,
    tasks_start_at_most_once,
    the_log_has_one_writer,
    updates_come_in_order,
    violations,
    what_is_said_is_true,
    who_was_admitted_stays,
)
from tests.chaos.evidence import Evidence
from tests.chaos.history import Event, Run, Value

_ENDED = Run("t", 7, 1.0, 2.0)
_CUT_SHORT = Run("t", 7, 1.0, None)


def _event(kind: str, **values: Value) -> Event:
    return Event(0.0, 0.0, kind, values)


def _launch(task: str = "t") -> Event:
    return _event("launch", task=task, agent="a")


def _update(state: str, uuid: str | None) -> Event:
    return _event("update", task="t", state=f"TASK_{state}", uuid=uuid)


def _entry(position: int, host: str = "m1", digest: str = "d", **values: Value) -> Event:
    return _event("entry", position=position, host=host, digest=digest, **values)


def _written(number: int, kind: str) -> tuple[Event, ...]:
    return _event("asked", number=number, what="schedule"), _event(kind, number=number)


def test_a_run_in_which_all_is_well_passes_every_check() -> None:
    good = Evidence(
        driver=(
            *_written(1, "acknowledged"),
            _event("read", number=2, value=1),
            _entry(1, epoch=1),
            _entry(1, host="m2", epoch=1),
            _entry(2, epoch=3),
        ),
        load=(
            _launch("t"),
            _launch("long"),
            _update("RUNNING", "1"),
            _event("update", task="long", state="TASK_RUNNING", uuid="9"),
            _update("FINISHED", "2"),
            _update("FINISHED", "2"),
            _event("reconcile"),
            _event("update", task="long", state="TASK_RUNNING", uuid=None),
        ),
        runs=(_ENDED, Run("long", 8, 1.0, None)),
        alive=frozenset({"long"}),
    )
    assert violations(good) == []


@pytest.mark.parametrize(
    ("check", "bad", "what"),
    [
        (tasks_start_at_most_once, Evidence(load=(_launch(),), runs=(_ENDED, _ENDED)), "started 2 times"),
        (tasks_start_at_most_once, Evidence(runs=(_ENDED,)), "nobody had launched"),
        (updates_come_in_order, Evidence(load=(_update("FINISHED", "1"), _update("RUNNING", "2"))), "I9"),
        (updates_come_in_order, Evidence(load=(_update("FINISHED", "1"), _update("RUNNING", None))), "I9"),
        (updates_come_in_order, Evidence(load=(_update("RUNNING", "1"), _update("STARTING", "2"))), "I10"),
        (updates_come_in_order, Evidence(load=(_update("RUNNING", "1"), _update("FINISHED", "1"))), "I11"),
        (what_is_said_is_true, Evidence(load=(_update("FINISHED", "1"),)), "has not"),
        (what_is_said_is_true, Evidence(load=(_update("FINISHED", "1"),), runs=(_CUT_SHORT,)), "has not"),
        (what_is_said_is_true, Evidence(load=(_update("DROPPED", "1"),), runs=(_ENDED,)), "was started"),
        (
            what_is_said_is_true,
            Evidence(load=(_update("KILLED", "1"),), runs=(_CUT_SHORT,), alive=frozenset({"t"})),
            "and runs",
        ),
        (no_task_ends_unasked, Evidence(runs=(_CUT_SHORT,)), "nobody had asked"),
        (every_end_is_told, Evidence(load=(_update("RUNNING", "1"),), runs=(_ENDED,)), "finished"),
        (every_end_is_told, Evidence(runs=(_CUT_SHORT,), alive=frozenset({"t"})), "runs"),
        (all_agree_at_rest, Evidence(), "not asked"),
        (
            all_agree_at_rest,
            Evidence(load=(_event("reconcile"),), runs=(_CUT_SHORT,), alive=frozenset({"t"})),
            "on an agent only",
        ),
        (
            all_agree_at_rest,
            Evidence(load=(_event("reconcile"), _update("RUNNING", None))),
            "at the master only",
        ),
        (the_log_has_one_writer, Evidence(driver=(_entry(1, epoch=2), _entry(2, epoch=1))), "I17"),
        (the_log_has_one_writer, Evidence(), "was read"),
        (replicas_agree, Evidence(driver=(_entry(1), _entry(1, host="m2", digest="other"))), "I18"),
        (
            acknowledged_operations_stay,
            Evidence(
                driver=(
                    *_written(1, "acknowledged"),
                    *_written(2, "acknowledged"),
                    _event("read", number=3, value=1),
                )
            ),
            "2 was acknowledged",
        ),
        (
            acknowledged_operations_stay,
            Evidence(driver=(*_written(1, "refused"), _event("read", number=2, value=1))),
            "schedule is 1",
        ),
        (
            acknowledged_operations_stay,
            Evidence(
                driver=(
                    _event("asked", number=1, what="weight", role="rig-1"),
                    _event("acknowledged", number=1),
                )
            ),
            "is lost",
        ),
        (who_was_admitted_stays, Evidence(load=(_launch(),), admitted=frozenset({"b"})), "agent a"),
        (
            who_was_admitted_stays,
            Evidence(load=(_event("subscribed", framework="1"), _event("subscribed", framework="2"))),
            "['1', '2']",
        ),
        (everything_heals_without_hands, Evidence(driver=(_event("not converged", after="x"),)), "R23"),
        (nothing_crashes, Evidence(crashes=("m1: Traceback",)), "I39"),
        (nothing_crashes, Evidence(ended=("m1 ended with status 1",)), "I38"),
    ],
)
def test_what_must_never_happen_is_found(check: Check, bad: Evidence, what: str) -> None:
    found = list(check(bad))
    assert len(found) == 1, found
    assert what in found[0]


def test_a_write_that_was_not_answered_may_have_been_done_or_not() -> None:
    asked = (*_written(1, "acknowledged"), *_written(2, "unknown"))
    for value in (1, 2):
        read = _event("read", number=3, value=value)
        assert list(acknowledged_operations_stay(Evidence(driver=(*asked, read)))) == []
