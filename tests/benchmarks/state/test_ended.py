from __future__ import annotations

from tests.benchmarks.figure import Size
from tests.benchmarks.state.ended import figures


def test_reading_tasks_that_ended_is_measured() -> None:
    found = [figure.figure for figure in figures(Size(rounds=1, scale=0.01))]
    assert found[:2] == ["state.10_completed_tasks.state.first", "state.10_completed_tasks.state"]
    assert len(found) == 6
