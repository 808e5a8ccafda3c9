from __future__ import annotations

import pytest

from actors.agent.stream import Receipt, Stream
from tests.actors.agent.kept import status
from transport.records.task_status import TaskState

_RUNNING = status(b"r")
_FINISHED = status(b"f", TaskState.TASK_FINISHED)


def test_updates_come_out_one_by_one_as_they_came() -> None:
    stream = Stream()
    assert stream.receive(_RUNNING) is Receipt.NEW
    assert stream.receive(_FINISHED) is Receipt.NEW
    assert stream.head == _RUNNING
    assert stream.acknowledge(b"r") == _RUNNING
    assert stream.head == _FINISHED
    assert not stream.is_over
    assert stream.acknowledge(b"f") == _FINISHED
    assert stream.is_over


def test_the_latest_state_is_ahead_of_what_is_sent() -> None:
    stream = Stream([_RUNNING, _FINISHED])
    assert stream.head == _RUNNING
    assert stream.latest_state is TaskState.TASK_FINISHED
    with pytest.raises(LookupError):
        _ = Stream().latest_state


def test_an_update_that_comes_again_is_known_before_and_after_its_acknowledgement() -> None:
    stream = Stream([_RUNNING])
    assert stream.receive(_RUNNING) is Receipt.KNOWN
    stream.acknowledge(b"r")
    assert stream.receive(_RUNNING) is Receipt.KNOWN
    assert stream.head is None


def test_nothing_comes_after_a_terminal_update() -> None:
    stream = Stream([_FINISHED])
    assert stream.receive(status(b"late", TaskState.TASK_FAILED)) is Receipt.REFUSED
    assert stream.receive(_FINISHED) is Receipt.KNOWN
    assert stream.latest_state is TaskState.TASK_FINISHED


@pytest.mark.parametrize("uuid", [b"f", b"never", b""])
def test_an_acknowledgement_of_anything_but_the_head_changes_nothing(uuid: bytes) -> None:
    stream = Stream([_RUNNING, _FINISHED])
    assert stream.acknowledge(uuid) is None
    assert stream.head == _RUNNING


def test_an_acknowledgement_that_comes_twice_counts_once() -> None:
    stream = Stream([_RUNNING, _FINISHED])
    assert stream.acknowledge(b"r") == _RUNNING
    assert stream.acknowledge(b"r") is None
    assert stream.head == _FINISHED


def test_a_stream_goes_on_where_it_was() -> None:
    stream = Stream([_RUNNING, _FINISHED], acknowledged=1)
    assert stream.head == _FINISHED
    assert stream.receive(_RUNNING) is Receipt.KNOWN
    assert Stream([_FINISHED], acknowledged=1).is_over
    assert Stream().is_empty


def test_an_update_without_uuid_is_refused() -> None:
    with pytest.raises(ValueError, match="uuid must be set"):
        Stream().receive(status(None))
