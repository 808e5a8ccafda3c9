from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.agent.http.executor_calls import call_error, message_of, subscription_of
from tests.actors.agent.http.conversation import CALLS, STATUS, UUID_BYTES, call
from transport.http.media_type import Encoding
from transport.json_defaults import completed
from transport.message import Message
from transport.records.executor_call import Call
from transport.records.ids import ExecutorID
from transport.records.task_status import TaskState, TaskStatus

_TYPE = Call.Type


def update(status: TaskStatus) -> Call:
    return call(_TYPE.UPDATE, update=Call.Update(status=status))


def subscribe(*statuses: TaskStatus) -> Call:
    updates = tuple(Call.Update(status=status) for status in statuses)
    return call(_TYPE.SUBSCRIBE, subscribe=Call.Subscribe(unacknowledged_updates=updates))


def test_there_is_an_example_of_each_call() -> None:
    assert {one.type for one, _ in CALLS} == {*_TYPE} - {_TYPE.UNKNOWN, _TYPE.HEARTBEAT}


def told(one: Call) -> Message:
    return subscription_of(one) if one.type is _TYPE.SUBSCRIBE else message_of(one)


@pytest.mark.parametrize(("one", "message"), CALLS, ids=lambda one: type(one).__name__)
def test_each_call_is_a_message(one: Call, message: Message) -> None:
    assert call_error(one) is None
    assert told(one) == message


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("one", [one for one, _ in CALLS])
def test_each_call_means_the_same_in_either_form(one: Call, encoding: Encoding) -> None:
    read = encoding.decode(encoding.encode(one), Call)
    # JSON says defaults that were not set.
    assert told(read) == told(one if encoding is Encoding.PROTOBUF else completed(one))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (replace(STATUS, uuid=None), "uuid: must be given"),
        (replace(STATUS, uuid=b""), "uuid: must have 16 bytes, not 0"),
        (replace(STATUS, uuid=UUID_BYTES + b"x"), "uuid: must have 16 bytes, not 17"),
        (replace(STATUS, executor_id=ExecutorID(value="e2")), "executor_id: must be executor_id, or absent"),
        (
            replace(STATUS, source=TaskStatus.Source.SOURCE_AGENT),
            "source: must be SOURCE_EXECUTOR, or absent",
        ),
    ],
)
def test_a_status_that_breaks_a_rule_is_named(status: TaskStatus, error: str) -> None:
    assert call_error(update(status)) == f"update.status.{error}"
    named = f"subscribe.unacknowledged_updates[1].status.{error}"
    assert call_error(subscribe(STATUS, status)) == named


def test_a_status_need_not_say_who_it_comes_from() -> None:
    assert call_error(update(replace(STATUS, source=None, executor_id=None))) is None


def test_staging_is_for_the_agent_to_judge() -> None:
    assert call_error(update(replace(STATUS, state=TaskState.TASK_STAGING))) is None


def test_fields_of_other_types_do_not_matter() -> None:
    bad = Call.Update(status=replace(STATUS, uuid=None))
    assert call_error(call(_TYPE.MESSAGE, message=Call.Message(data=b""), update=bad)) is None
