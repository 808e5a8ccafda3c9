"""What the read model is held against: the master's books, read as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from actors.master.changes import Key
from actors.master.cluster import Cluster
from actors.master.view.about import About
from actors.master.view.answers import Answers
from actors.master.view.desk import ViewDesk, all_keys, fact_of
from actors.master.view.forms import Form
from actors.master.view.model import Model
from transport import protobuf
from transport.messages.viewing import CompletedTasksFact
from transport.record import Record
from transport.records.master import MasterInfo
from transport.records.master_response import Response

ABOUT: Final = About(1.0, "paas", {"version": "1.11.0"})
INFO: Final = MasterInfo(id="m1", ip=1, port=5050, pid="master@10.0.0.1:5050", hostname="master")
#: All that can be read, and the forms that it is read in.
ENDPOINTS: Final = ("/state", "/state-summary", "/slaves", "/frameworks", "/tasks", "/roles")
CALLS: Final = (
    "GET_STATE",
    "GET_AGENTS",
    "GET_FRAMEWORKS",
    "GET_EXECUTORS",
    "GET_OPERATIONS",
    "GET_TASKS",
    "GET_ROLES",
    "GET_MASTER",
)
QUESTIONS: Final = (
    *((endpoint, Form.V0) for endpoint in ENDPOINTS),
    *((call, form) for call in CALLS for form in (Form.JSON, Form.PROTOBUF)),
)


def whole(cluster: Cluster) -> Iterator[tuple[Key, object]]:
    """All that readers see of these books, whatever was told of it."""
    for key in all_keys(cluster):
        yield key, fact_of(cluster, key)
    for framework in (*cluster.frameworks.values(), *cluster.completed_frameworks.values()):
        ended = framework.completed_tasks
        if ended or ended.forgotten:
            fact = CompletedTasksFact(ended.forgotten, tuple(ended), ended.forgotten)
            yield ("completed_tasks", framework.id), fact


def fresh(cluster: Cluster, like: Model) -> Model:
    """A model of these books that was told all of it at once."""
    model = Model(like.info, like.elected_at)
    for key, fact in whole(cluster):
        model.take(key, fact)
    return model


def unlike(model: Model, cluster: Cluster) -> str:
    """In what the model's answers are not what they should be by the books."""
    expected, answers = fresh(cluster, model), Answers(ABOUT)
    for what, form in QUESTIONS:
        arguments = {"limit": "100000"} if what == "/tasks" else {}
        told = b"".join(answers.answer(model, what, form, arguments))
        due = b"".join(answers.answer(expected, what, form, arguments))
        # Most are the same byte for byte; to read them takes a while.
        if told != due and (found := read(told, form)) != (right := read(due, form)):
            return f"{what} in {form.name}: {_difference(found, right)}"
    return ""


def read(data: bytes, form: Form) -> Any:
    """An answer, in which the order of lists means nothing."""
    if form is Form.PROTOBUF:
        return _sorted(msgspec.to_builtins(protobuf.decode(data, Response)))
    return _sorted(json.loads(data))


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return sorted(map(_sorted, value), key=repr)
    if isinstance(value, Record):
        return _sorted(msgspec.to_builtins(value))
    return value


def _difference(found: Any, right: Any, path: str = "$") -> str:
    if isinstance(found, dict) and isinstance(right, dict):
        for name in {**found, **right}:
            if found.get(name) != right.get(name):
                return _difference(found.get(name), right.get(name), f"{path}.{name}")
    if isinstance(found, list) and isinstance(right, list) and len(found) == len(right):
        for number, (one, other) in enumerate(zip(found, right, strict=True)):
            if one != other:
                return _difference(one, other, f"{path}[{number}]")
    return f"{path} is {found!r}, not {right!r}"


class Audit:
    """Finds what changed in a master's books and was not noted."""

    def __init__(self, cluster: Cluster, desk: ViewDesk | None = None) -> None:
        """With a desk, what that tells is told; without, nobody hears anything."""
        self._cluster = cluster
        self._known = dict(whole(cluster))
        #: What was told since it was looked at last, and all that the reader has heard of.
        self._told: dict[Key, None] = {}
        self._heard: dict[Key, None] = {}
        if desk is not None:
            desk.look_up = self._look_up  # type: ignore[method-assign]

    def _look_up(self, key: Key) -> object:
        fact = fact_of(self._cluster, key)
        self._told[key] = None
        self._heard.pop(key, None)
        if fact is not None:
            self._heard[key] = None
        return fact

    def check(self) -> None:
        """Raise AssertionError for what changed since it was looked at last without being noted."""
        before, now = self._known, dict(whole(self._cluster))
        changed = [key for key in {**before, **now} if before.get(key) != now.get(key)]
        silent = [key for key in changed if not self._is_noted(key, is_there=key in now)]
        assert not silent, f"changed without a note: {silent}"
        self._known, self._told = now, {}

    def _is_noted(self, key: Key, *, is_there: bool) -> bool:
        if key in self._cluster.changes or key in self._told:
            return True
        # What came and went before the reader heard of it needs no note; nor do a framework's tasks, which
        # go with it.
        return not is_there and (key not in self._heard or key[0] == "completed_tasks")
