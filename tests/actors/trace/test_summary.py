from __future__ import annotations

import enum
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
import pytest

from actors.process import Exited, Fired, Initialize
from actors.system import Timer
from actors.trace.summary import BUDGET, CUT, Digest, digest, summarize, type_name
from tests.actors.trace.samples import CLIENT, STORE, Greet
from transport.message import Message
from transport.pid import Address
from transport.record import Record


class TaskID(Record):
    value: str


class Variable(Record):
    name: str
    value: str | None = None


class State(enum.Enum):
    RUNNING = 1


class Launch(Message):
    type_name = "samples.Launch"
    task_id: TaskID
    state: State = State.RUNNING
    variables: tuple[Variable, ...] = ()
    note: str | None = None
    extra: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Login(Message):
    type_name = "samples.Login"
    principal: str
    secret: str
    auth_token: bytes
    Password: str
    credentials: tuple[str, ...]


class Stubborn:
    def __repr__(self) -> str:
        raise AssertionError("nobody may ask")


def size(plain: object) -> int:
    if isinstance(plain, dict):
        return sum(len(name) + size(value) for name, value in plain.items())
    if isinstance(plain, list):
        return sum(map(size, plain))
    return len(str(plain))


def test_a_message_becomes_plain_values_by_name_without_empty_ones() -> None:
    assert summarize(Launch(TaskID(value="web.1"), extra={"pid": CLIENT, "where": Address("h", 1)})) == {
        "task_id": {"value": "web.1"},
        "state": "RUNNING",
        "extra": {"pid": "client@10.0.0.1:5051", "where": "h:1"},
    }


def test_secrets_are_left_out_by_the_names_of_fields() -> None:
    assert summarize(Login("bob", "swordfish", b"swordfish", "swordfish", ("swordfish",))) == {
        "principal": "bob"
    }
    assert summarize({"a": [{"api_token": "swordfish", "b": 1}]}) == {"a": [{"b": 1}]}


def test_the_value_of_a_variable_whose_name_calls_it_a_secret_is_left_out() -> None:
    message = Launch(
        TaskID(value="web.1"),
        variables=(Variable(name="DB_PASSWORD", value="swordfish"), Variable(name="PORT", value="80")),
        extra={"label": {"key": "my.secret", "value": "swordfish"}},
    )
    summary = summarize(message)
    assert "swordfish" not in str(summary)
    assert summary["variables"] == [{"name": "DB_PASSWORD"}, {"name": "PORT", "value": "80"}]


@pytest.mark.parametrize(
    "message",
    [
        {"text": "x" * 100_000},
        {"list": ["y" * 100] * 10_000},
        {"dict": {f"key{number}": "z" * 50 for number in range(10_000)}},
        {f"{number}" * 50: [number] * 50 for number in range(10_000)},
        [[["deep"] * 30] * 30] * 30,
    ],
)
def test_a_summary_is_bounded_and_shows_that_something_is_left_out(message: object) -> None:
    summary = summarize(message)
    assert size(summary) < 2 * BUDGET
    assert CUT in str(summary)


def test_nesting_is_bounded_even_when_it_never_ends() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert CUT in str(summarize(endless))


def test_bytes_are_counted_but_not_told() -> None:
    assert summarize({"data": b"12345"}) == {"data": "<5 bytes>"}


def test_what_is_not_plain_is_named_by_its_type_and_never_asked_for_its_text() -> None:
    assert summarize({"object": Stubborn()}) == {"object": "<Stubborn>"}
    assert summarize(Stubborn()) == {"value": "<Stubborn>"}


def test_every_summary_can_be_written_as_msgpack() -> None:
    odd = {"half": "\ud800", "huge": 2**70, "none": float("nan"), "far": float("-inf"), 5: True, (1, 2): {1}}
    summary = summarize(odd)
    assert summary == {
        "half": "\\ud800",
        "huge": hex(2**70),
        "none": "nan",
        "far": "-inf",
        "5": True,
        CUT: [1],
    }
    msgspec.msgpack.encode(summary)


def test_signals_tell_the_callback_or_who_exited() -> None:
    class Agent:
        def retry(self, secret: str) -> None: ...

    bound = partial(partial(Agent().retry), "swordfish")
    assert summarize(Fired(Timer(CLIENT, bound))) == {"timer": "retry"}
    assert summarize(Exited(STORE)) == {"pid": "store@10.0.0.2:5051"}
    assert summarize(Initialize()) == {}


def test_types_are_known_by_the_name_on_the_wire() -> None:
    messages: list[object] = [Greet("a"), {}, Initialize(), digest(Greet("a"))]
    assert [type_name(message) for message in messages] == [
        "samples.Greet",
        "dict",
        "Initialize",
        "samples.Greet",
    ]


def test_a_digest_tells_what_its_message_did() -> None:
    assert summarize(digest(Greet("a"))) == summarize(Greet("a"))
    assert digest(Greet("a")) == Digest("samples.Greet", {"name": "a"})
