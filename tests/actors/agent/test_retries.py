from __future__ import annotations

from actors.agent.retries import Retries


def test_pauses_double_from_ten_seconds_to_ten_minutes() -> None:
    retries: Retries[str] = Retries()
    now = 100.0
    retries.start("task", now)
    pauses = []
    for _ in range(9):
        due = retries.next()
        assert due is not None
        assert retries.take(due - 0.001) == []
        assert retries.take(due) == ["task"]
        pauses.append(due - now)
        now = due
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_what_is_acknowledged_is_not_sent_again_and_the_next_begins_anew() -> None:
    retries: Retries[str] = Retries()
    retries.start("task", 0.0)
    retries.take(10.0)
    retries.stop("task")
    assert "task" not in retries
    assert retries.next() is None
    retries.start("task", 11.0)
    assert retries.next() == 21.0


def test_nothing_is_left_when_no_master_listens() -> None:
    retries: Retries[int] = Retries()
    for number in range(3):
        retries.start(number, 0.0)
    retries.clear()
    assert retries.take(1e9) == []
    assert 1 not in retries
