"""Calls as clients send them: what is read, and what is refused before anybody looks at it."""

from __future__ import annotations

import pytest

from transport.http.call import check_type, read_call
from transport.http.exchange import HttpError, Request
from transport.http.media_type import Encoding
from transport.record import Record
from transport.records.agent_call import Call as AgentCall
from transport.records.executor_call import Call as ExecutorCall
from transport.records.ids import ExecutorID, FrameworkID, TaskID
from transport.records.master_call import Call as MasterCall
from transport.records.scheduler_call import Call as SchedulerCall

KILL = SchedulerCall(
    type=SchedulerCall.Type.KILL,
    framework_id=FrameworkID(value="f"),
    kill=SchedulerCall.Kill(task_id=TaskID(value="t")),
)


def request(body: bytes, content_type: str = "application/json") -> Request:
    return Request(method="POST", target="/api/v1", headers={"content-type": content_type}, body=body)


@pytest.mark.parametrize("encoding", Encoding)
def test_a_call_is_read_in_either_encoding(encoding: Encoding) -> None:
    assert read_call(request(encoding.encode(KILL), encoding.value), SchedulerCall) == KILL


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"", 400, "body: Input data was truncated"),
        (b"[]", 400, "body: Expected `object`, got `array`"),
        (
            b'{"type":"KILL","kill":{}}',
            400,
            "body: Object missing required field `task_id` - at `$.kill`",
        ),
        (b'{"kill":{"task_id":{"value":"t"}}}', 400, "type: must be given, and be one that is known"),
        (b'{"type":"DANCE"}', 400, "type: must be given, and be one that is known"),
        (b'{"type":"UNKNOWN"}', 501, "type: UNKNOWN is not implemented"),
        (b'{"type":"KILL"}', 400, "kill: must be given if type is KILL"),
        (b'{"type":"KILL","kill":null}', 400, "kill: must be given if type is KILL"),
    ],
)
def test_what_is_no_call_is_refused_in_words(body: bytes, status: int, text: str) -> None:
    with pytest.raises(HttpError) as error:
        read_call(request(body), SchedulerCall)
    assert (error.value.response.status, str(error.value)) == (status, text)


def test_the_form_of_a_call_is_checked_first() -> None:
    with pytest.raises(HttpError) as error:
        read_call(request(b"{", "text/plain"), SchedulerCall)
    assert error.value.response.status == 415


@pytest.mark.parametrize(
    "call",
    [
        SchedulerCall(type=SchedulerCall.Type.TEARDOWN),
        SchedulerCall(type=SchedulerCall.Type.REVIVE),
        SchedulerCall(type=SchedulerCall.Type.SUPPRESS),
        MasterCall(type=MasterCall.Type.GET_STATE),
        AgentCall(type=AgentCall.Type.GET_CONTAINERS),
        AgentCall(type=AgentCall.Type.PRUNE_IMAGES),
        ExecutorCall(
            executor_id=ExecutorID(value="e"),
            framework_id=FrameworkID(value="f"),
            type=ExecutorCall.Type.HEARTBEAT,
        ),
    ],
)
def test_some_calls_say_all_by_their_type(call: Record) -> None:
    check_type(call)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (MasterCall(type=MasterCall.Type.GET_METRICS), "get_metrics"),
        (MasterCall(type=MasterCall.Type.DRAIN_AGENT), "drain_agent"),
        (AgentCall(type=AgentCall.Type.ATTACH_CONTAINER_OUTPUT), "attach_container_output"),
    ],
)
def test_the_others_need_their_field(call: Record, field: str) -> None:
    with pytest.raises(HttpError, match=f"{field}: must be given"):
        check_type(call)


@pytest.mark.parametrize("record", [SchedulerCall, ExecutorCall, MasterCall, AgentCall])
def test_every_field_of_a_call_belongs_to_a_type(record: type[Record]) -> None:
    types = {member.value.lower() for member in getattr(record, "Type")}  # noqa: B009
    fields = set(record.__struct_fields__) - {"type", "framework_id", "executor_id"}
    assert fields <= types
