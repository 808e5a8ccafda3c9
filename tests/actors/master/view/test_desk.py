from __future__ import annotations

import itertools

from actors.master.changes import Key
from actors.master.view.desk import PORTION, ViewDesk
from actors.master.view.model import Model
from tests.actors.master.recorder import Recorder
from tests.actors.master.view.audit import INFO, unlike
from tests.actors.master.view.whims import Whims
from transport.messages.viewing import ChangesTold, TellChanges
from transport.pid import Pid

VIEW = Pid("view", "127.0.0.1", 5050, 7)
SUCCESSOR = Pid("view", "127.0.0.1", 5050, 8)


class Pair:
    """A desk with its books, and what a view makes of what it is told."""

    def __init__(self, seed: int = 1) -> None:
        self.whims = Whims(seed)
        self.world: Recorder = self.whims.world
        self.cluster = self.whims.cluster
        self.desk = ViewDesk(self.world, self.cluster)
        self.desk.begin()

    def told(self, view: Pid = VIEW) -> list[ChangesTold]:
        found = self.world.told_of(view, ChangesTold)
        self.world.forget()
        return found

    def act(self, times: int) -> None:
        for _ in range(times):
            self.whims.act()
        self.world.forget()


def take(model: Model, portions: list[ChangesTold]) -> None:
    for portion in portions:
        for key, fact in portion.facts:
            model.take(key, fact)
        if portion.settled:
            model.settle()


def test_a_question_is_answered_by_all_that_changed_since_the_last() -> None:
    pair, model = Pair(), Model(INFO, 1.0)
    for number in range(1, 20):
        pair.act(30)
        pair.desk.tell(VIEW, TellChanges(number, heard=number - 1))
        portions = pair.told()
        assert [one.answers for one in portions] == [number]
        take(model, portions)
        assert unlike(model, pair.cluster) == ""


def test_much_is_told_in_portions() -> None:
    pair = Pair()
    for number in range(PORTION * 2 + 1):
        pair.cluster.weights[f"role{number}"] = 2.0
    pair.desk.tell(VIEW, TellChanges(1))
    pair.cluster.weights["late"] = 3.0
    pair.world.advance(0.001)
    told = pair.told()
    assert [len(one.facts) for one in told] == [PORTION, PORTION, 2]
    assert [one.answers for one in told] == [None, None, 1]


def test_a_view_that_knows_nothing_is_told_all() -> None:
    pair = Pair()
    pair.act(300)
    pair.desk.tell(VIEW, TellChanges(1))
    pair.told()
    pair.act(50)
    model = Model(INFO, 1.0)
    pair.desk.tell(SUCCESSOR, TellChanges(1))
    pair.world.advance(0.001)
    take(model, pair.told(SUCCESSOR))
    assert unlike(model, pair.cluster) == ""
    pair.act(50)
    pair.desk.tell(SUCCESSOR, TellChanges(2, heard=1))
    take(model, pair.told(SUCCESSOR))
    assert unlike(model, pair.cluster) == ""


def test_a_view_that_watches_is_told_after_each_turn() -> None:
    pair = Pair()
    pair.desk.turn_over()
    assert pair.told() == []
    pair.desk.tell(VIEW, TellChanges(1, watches=True))
    pair.told()
    pair.desk.turn_over()
    assert pair.told() == []
    pair.cluster.weights["a"] = 2.0
    pair.desk.turn_over()
    (portion,) = pair.told()
    assert (portion.facts, portion.answers) == (((("weight", "a"), 2.0),), None)
    pair.desk.tell(VIEW, TellChanges(2, heard=2))
    pair.told()
    pair.cluster.weights["a"] = 3.0
    pair.desk.turn_over()
    assert pair.told() == []


def test_a_question_is_answered_though_more_changes_than_can_be_told() -> None:
    pair = Pair()
    look_up, numbers = pair.desk.look_up, itertools.count()

    def change_more(key: Key) -> object:
        pair.cluster.weights[f"role{next(numbers)}"] = 2.0
        return look_up(key)

    pair.desk.look_up = change_more  # type: ignore[method-assign]
    pair.cluster.weights["first"] = 2.0
    pair.desk.tell(VIEW, TellChanges(1))
    pair.world.advance(0.001)
    (answer,) = [one for one in pair.told() if one.answers == 1]
    assert not answer.settled
