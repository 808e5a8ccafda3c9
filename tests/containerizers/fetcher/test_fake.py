from __future__ import annotations

from collections.abc import Callable

from containerizers.fetcher.fake import FakeFetches, FetchCourse
from containerizers.fetcher.order import Order

ORDER = Order(directory="/box", files=())


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.later: list[tuple[float, Callable[[], None]]] = []

    def delay(self, seconds: float, callback: Callable[[], None]) -> None:
        self.later.append((seconds, callback))

    def pass_by(self) -> None:
        for _, callback in self.later:
            callback()
        self.later.clear()


def test_an_order_becomes_what_the_script_says() -> None:
    clock, answers = Clock(), list[str]()
    courses = iter([FetchCourse(seconds=2.0), FetchCourse(error="why"), FetchCourse(seconds=None)])
    fetches = FakeFetches(clock.delay, lambda order: next(courses))
    for _ in range(3):
        fetches.fetch(ORDER, answers.append)
    assert [seconds for seconds, _ in clock.later] == [2.0, 0.1]
    clock.pass_by()
    assert answers == ["", "why"]
    assert (fetches.statistics.succeeded, fetches.statistics.failed) == (1, 1)


def test_what_is_stopped_cleared_or_closed_is_not_told() -> None:
    clock, answers = Clock(), list[str]()
    fetches = FakeFetches(clock.delay)
    stop = fetches.fetch(ORDER, answers.append)
    stop()
    clock.pass_by()
    fetches.fetch(ORDER, answers.append)
    fetches.clear()
    clock.pass_by()
    assert answers == []
    fetches.fetch(ORDER, answers.append)
    clock.pass_by()
    assert answers == [""]
    fetches.fetch(ORDER, answers.append)
    fetches.close()
    clock.pass_by()
    assert answers == [""]
