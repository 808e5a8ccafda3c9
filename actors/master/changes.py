"""What changed in the master's books since their reader was told: noted by the books themselves.

Dictionaries of the books (`Shelf`) and what is in them (`Entry`) note each change where it happens, so that
no desk can forget to. A note is a key and nothing else: what it stands for is looked up when it is told.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from typing import Any, ClassVar, Final, Literal, TypeAlias, TypeVar, overload

from transport.records.task import Task

Kind: TypeAlias = Literal[
    "agent",
    "completed_framework",
    "completed_tasks",
    "executor",
    "framework",
    "inverse_offer",
    "offer",
    "operation",
    "quota",
    "recovered_agent",
    "task",
    "unreachable_agent",
    "unreachable_task",
    "weight",
]
#: What the objects of the books are known by: a kind, whose it is where it belongs to another, its own key.
Key: TypeAlias = tuple[Any, ...]

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")
_NOTHING: Final = object()


class Changes:
    """The keys of what changed, in the order in which it did first.

    There is one for each object at most. One that came and went before the reader heard of it leaves none, so
    there are never more than objects in the books and objects that the reader knows.
    """

    def __init__(self) -> None:
        #: Whether the reader is told at once, and wants to know in which order things happen.
        self.watched = False
        #: Whether the reader has not heard of the object.
        self._marks: dict[Key, bool] = {}

    def __len__(self) -> int:
        return len(self._marks)

    def __contains__(self, key: Key) -> bool:
        return key in self._marks

    def changed(self, key: Key) -> None:
        """Note that an object is not what it was."""
        self._marks.setdefault(key, False)

    def added(self, key: Key) -> None:
        """Note a new object."""
        self._marks.setdefault(key, True)

    def removed(self, key: Key) -> None:
        """Note that there is no such object any more."""
        if self._marks.get(key):
            del self._marks[key]
            return
        if self.watched:
            # It ends after all that happened before, though it was the first of that which changed.
            self._marks.pop(key, None)
        self._marks[key] = False

    def unknown(self, key: Key) -> None:
        """Note that the reader has not heard of an object, though it is not new."""
        self._marks[key] = True

    def told(self, key: Key) -> None:
        """The reader hears of an object as it is, noted or not."""
        self._marks.pop(key, None)

    def take(self, most: int) -> list[Key]:
        """The oldest notes, so many at most: one by one, each would take as long as all before it."""
        keys = list(itertools.islice(self._marks, most))
        for key in keys:
            del self._marks[key]
        return keys


class Entry:
    """An object of the books. It notes changes of its attributes in `shown` while it is in a shelf."""

    __slots__ = ("_changes", "_key")

    shown: ClassVar[frozenset[str]] = frozenset()
    _changes: Changes | None
    _key: Key

    def __init__(self) -> None:
        object.__setattr__(self, "_changes", None)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if name in self.shown and self._changes is not None:
            self._changes.changed(self._key)

    def attach(self, changes: Changes, key: Key) -> None:
        """Note changes there from now on, under that key."""
        object.__setattr__(self, "_changes", changes)
        object.__setattr__(self, "_key", key)

    def detach(self) -> None:
        """It is in the books no more."""
        object.__setattr__(self, "_changes", None)


class Shelf(dict[K, V]):
    """A dictionary of the books. It notes what comes and goes, by its `path` and the key in the dictionary.

    Without `changes` it belongs to an entry that is not in the books (yet), and notes nothing.
    """

    __slots__ = ("_changes", "_path")

    def __init__(self, *path: str, changes: Changes | None = None) -> None:
        super().__init__()
        self._path = path
        self._changes = changes

    def attach(self, changes: Changes) -> None:
        """Note changes there from now on, and that all in it is new."""
        self._changes = changes
        for key, value in self.items():
            self._came(key, value)

    def detach(self) -> None:
        """Note that all in it is gone, and nothing from now on."""
        for key, value in self.items():
            self._went(key, value)
        self._changes = None

    def keys_noted(self) -> Iterator[Key]:
        """Under which keys that is noted which is in it."""
        path = self._path
        return ((*path, key) for key in tuple(self))

    def __setitem__(self, key: K, value: V) -> None:
        before = self.get(key, _NOTHING)
        if before is not _NOTHING and before is not value and isinstance(before, Entry):
            before.detach()
        super().__setitem__(key, value)
        self._came(key, value)
        if before is not _NOTHING and self._changes is not None:
            self._changes.changed((*self._path, key))

    def __delitem__(self, key: K) -> None:
        value = self[key]
        super().__delitem__(key)
        self._went(key, value)

    @overload
    def pop(self, key: K, /) -> V: ...
    @overload
    def pop(self, key: K, default: D, /) -> V | D: ...
    def pop(self, key: K, /, *default: Any) -> Any:
        """Take one out."""
        if key not in self:
            return super().pop(key, *default)
        value = super().pop(key)
        self._went(key, value)
        return value

    def popitem(self) -> tuple[K, V]:
        """Take the newest out."""
        key, value = super().popitem()
        self._went(key, value)
        return key, value

    def clear(self) -> None:
        """Take all out."""
        for key in tuple(self):
            del self[key]

    def update(self, *others: Any, **named: Any) -> None:
        """Put many in."""
        for key, value in dict(*others, **named).items():
            self[key] = value

    def setdefault(self, key: K, default: Any = None) -> Any:
        """Put one in unless it is there."""
        if key not in self:
            self[key] = default
        return self[key]

    def _came(self, key: K, value: V) -> None:
        if self._changes is not None:
            noted = (*self._path, key)
            self._changes.added(noted)
            if isinstance(value, Entry):
                value.attach(self._changes, noted)

    def _went(self, key: K, value: V) -> None:
        if self._changes is not None:
            self._changes.removed((*self._path, key))
            if isinstance(value, Entry):
                value.detach()


class CompletedTasks(deque[Task]):
    """The newest of a framework's tasks that ended, which are only ever appended.

    They are numbered, from 0. There is one note for all that came since the last were told.
    """

    def __init__(self, framework_id: str, limit: int) -> None:
        super().__init__(maxlen=limit)
        #: How many were forgotten: the number of the oldest that is remembered.
        self.forgotten = 0
        #: How many the reader was told, or missed.
        self._told = 0
        self._key: Key = ("completed_tasks", framework_id)
        self._changes: Changes | None = None

    def attach(self, changes: Changes) -> None:
        """Note changes there from now on."""
        self._changes = changes
        if self._told < self.forgotten + len(self):
            changes.added(self._key)

    def detach(self) -> None:
        """Note nothing from now on."""
        if self._changes is not None:
            self._changes.removed(self._key)
        self._changes = None

    def append(self, task: Task, /) -> None:
        """Remember a task, and forget the oldest of too many."""
        if len(self) == self.maxlen:
            self.forgotten += 1
        super().append(task)
        if self._changes is not None:
            self._changes.added(self._key)

    def retell(self) -> None:
        """The reader knows none of them."""
        self._told = 0
        if self and self._changes is not None:
            self._changes.unknown(self._key)

    def untold(self) -> tuple[int, tuple[Task, ...]]:
        """The tasks that the reader has not been told, which it now is, and the number of the first."""
        first = max(self._told, self.forgotten)
        tasks = tuple(self)[first - self.forgotten :]
        self._told = first + len(tasks)
        return first, tasks
