from __future__ import annotations

from typing import ClassVar

from actors.master.changes import Changes, CompletedTasks, Entry, Shelf
from tests.actors.master.http.leader import running


class Thing(Entry):
    shown: ClassVar[frozenset[str]] = frozenset({"colour"})

    def __init__(self) -> None:
        super().__init__()
        self.colour = "red"
        self.weight = 1


def taken(changes: Changes) -> list[tuple[object, ...]]:
    return changes.take(len(changes))


def test_what_comes_changes_and_goes_is_noted_once_in_the_order_in_which_it_first_did() -> None:
    changes = Changes()
    shelf: Shelf[str, Thing] = Shelf("thing", changes=changes)
    a, b = Thing(), Thing()
    shelf["a"], shelf["b"] = a, b
    assert taken(changes) == [("thing", "a"), ("thing", "b")]
    b.colour = "blue"
    a.colour = b.colour = "green"
    assert taken(changes) == [("thing", "b"), ("thing", "a")]
    del shelf["a"]
    assert taken(changes) == [("thing", "a")]


def test_only_what_readers_see_is_noted_and_only_in_the_books() -> None:
    changes = Changes()
    shelf: Shelf[str, Thing] = Shelf("thing", changes=changes)
    thing = shelf["a"] = Thing()
    taken(changes)
    thing.weight = 2
    assert not changes
    assert shelf.pop("a") is thing
    assert shelf.pop("a", None) is None
    taken(changes)
    thing.colour = "blue"
    assert not changes


def test_one_that_comes_in_the_place_of_another_is_a_change() -> None:
    changes = Changes()
    shelf: Shelf[str, Thing] = Shelf("thing", changes=changes)
    before = shelf["a"] = Thing()
    taken(changes)
    shelf["a"] = Thing()
    assert taken(changes) == [("thing", "a")]
    before.colour = "blue"
    assert not changes


def test_what_came_and_went_unheard_leaves_no_note() -> None:
    changes = Changes()
    shelf: Shelf[str, int] = Shelf("number", changes=changes)
    shelf["a"] = 1
    del shelf["a"]
    assert not changes
    shelf["a"] = 1
    taken(changes)
    shelf.clear()
    shelf["a"] = 2
    del shelf["a"]
    assert taken(changes) == [("number", "a")]


def test_every_way_to_change_a_shelf_is_noted() -> None:
    changes = Changes()
    shelf: Shelf[str, int] = Shelf("number", changes=changes)
    shelf.update({"a": 1}, b=2)
    assert shelf.setdefault("c", 3) == 3
    assert taken(changes) == [("number", "a"), ("number", "b"), ("number", "c")]
    assert shelf.popitem() == ("c", 3)
    shelf.clear()
    assert taken(changes) == [("number", "c"), ("number", "a"), ("number", "b")]


def test_the_end_of_something_comes_last_for_those_who_watch() -> None:
    for watched, order in ((False, ["a", "b"]), (True, ["b", "a"])):
        changes = Changes()
        shelf: Shelf[str, Thing] = Shelf("thing", changes=changes)
        shelf["a"], shelf["b"] = Thing(), Thing()
        taken(changes)
        changes.watched = watched
        shelf["a"].colour = shelf["b"].colour = "blue"
        del shelf["a"]
        assert taken(changes) == [("thing", name) for name in order]


def test_a_shelf_that_is_put_into_the_books_notes_all_that_is_in_it() -> None:
    changes = Changes()
    shelf: Shelf[str, Thing] = Shelf("thing", "owner")
    thing = shelf["a"] = Thing()
    shelf.attach(changes)
    assert taken(changes) == [("thing", "owner", "a")]
    thing.colour = "blue"
    assert taken(changes) == [("thing", "owner", "a")]
    shelf.detach()
    assert taken(changes) == [("thing", "owner", "a")]
    thing.colour = "red"
    assert not changes


def test_tasks_that_ended_are_told_once_and_those_that_were_forgotten_never() -> None:
    changes = Changes()
    ended = CompletedTasks("f", 2)
    ended.attach(changes)
    tasks = [running("S0", f"t{number}") for number in range(5)]
    ended.append(tasks[0])
    assert taken(changes) == [("completed_tasks", "f")]
    assert ended.untold() == (0, (tasks[0],))
    assert ended.untold() == (1, ())
    for task in tasks[1:]:
        ended.append(task)
    assert taken(changes) == [("completed_tasks", "f")]
    assert (ended.untold(), ended.forgotten) == ((3, (tasks[3], tasks[4])), 3)
    ended.retell()
    assert ended.untold() == (3, (tasks[3], tasks[4]))
