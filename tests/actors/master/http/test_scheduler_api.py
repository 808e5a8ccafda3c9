from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from actors.master.http.scheduler_api import BODY_BYTES, PATH
from tests.actors.master.http.conversation import CALLS, EVENTS
from tests.actors.master.http.stand_in import (
    AWAY,
    JSON,
    NATIVE,
    PROTOBUF,
    Subscription,
    Theatre,
    playing,
    request,
)
from tests.transport.http.serving import Client
from transport.http.media_type import Encoding
from transport.messages import scheduling
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event

_TYPE = Call.Type
_INFO: dict[str, object] = {"user": "root", "name": "jobs"}
_SUBSCRIBE: dict[str, object] = {"type": "SUBSCRIBE", "subscribe": {"framework_info": _INFO}}
_UUID = "AAECAwQFBgcICQoLDA0ODw=="


@pytest.fixture
def theatre() -> Iterator[Theatre]:
    with playing() as theatre:
        yield theatre


@pytest.fixture(scope="module")
def stage() -> Iterator[Theatre]:
    """For calls that leave nothing behind."""
    with playing() as theatre:
        yield theatre


def call(kind: str, framework_id: str = "m-0000", **fields: object) -> dict[str, object]:
    return {"type": kind, "framework_id": {"value": framework_id}, **fields}


def subscribe(theatre: Theatre, framework_id: str | None = None) -> Subscription:
    """A stream of which SUBSCRIBED and HEARTBEAT are read."""
    wanted = _SUBSCRIBE
    if framework_id is not None:
        info = {**_INFO, "id": {"value": framework_id}}
        wanted = {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}
    stream = Subscription(theatre, wanted)
    events = [stream.event(), stream.event()]
    assert [event and event["type"] for event in events] == ["SUBSCRIBED", "HEARTBEAT"]
    return stream


# --- streams ---


@pytest.mark.parametrize("path", [PATH, f"/master{PATH}", f"/{PATH}/"])
def test_a_subscription_is_answered_by_a_stream_with_an_id_of_its_own(stage: Theatre, path: str) -> None:
    with Client(stage.web) as client:
        client.send(request(_SUBSCRIBE).replace(f"POST {PATH} ".encode(), f"POST {path} ".encode()))
        status, headers, _ = client.response()
    assert (status, headers["content-type"], headers["transfer-encoding"]) == (200, JSON, "chunked")
    assert len(headers["mesos-stream-id"]) == 36


@pytest.mark.parametrize("encoding", Encoding)
def test_every_event_comes_as_a_chunk_in_the_form_that_the_client_takes(
    theatre: Theatre, encoding: Encoding
) -> None:
    with Subscription(theatre, _SUBSCRIBE, Accept=encoding.value) as stream:
        assert stream.headers["content-type"] == encoding.value
        for _ in ("SUBSCRIBED", "HEARTBEAT"):
            stream.record()
        for message, event in EVENTS[2:]:
            if not isinstance(message, scheduling.SchedulerError):
                theatre.master.say(message)
                assert encoding.decode(stream.record() or b"", Event) == event


def test_the_first_events_are_as_real_mesos_writes_them(theatre: Theatre) -> None:
    with Subscription(theatre, _SUBSCRIBE) as stream:
        subscribed, heartbeat = stream.event(), stream.event()
    assert heartbeat == {"type": "HEARTBEAT"}
    assert subscribed == {
        "type": "SUBSCRIBED",
        "subscribed": {
            "framework_id": {"value": "m-0000"},
            "heartbeat_interval_seconds": 15.0,
            "master_info": {"id": "m", "ip": 16777343, "port": 5050, "hostname": "here"},
        },
    }


def test_a_refused_subscription_is_a_stream_of_one_error(stage: Theatre) -> None:
    refused = {"type": "SUBSCRIBE", "subscribe": {"framework_info": {**_INFO, "name": "refused"}}}
    with Subscription(stage, refused) as stream:
        assert stream.status == 200
        assert stream.event() == {"type": "ERROR", "error": {"message": "no"}}
        assert stream.event() is None


def test_a_framework_that_is_taken_over_is_told_so_and_only_its_new_stream_counts(theatre: Theatre) -> None:
    with subscribe(theatre) as old, subscribe(theatre, "m-0000") as new:
        assert old.event() == {"type": "ERROR", "error": {"message": "Framework failed over"}}
        assert old.event() is None
        assert theatre.post(call("REVIVE"), new.stream_id)[0] == 202
        status, _, text = theatre.post(call("REVIVE"), old.stream_id)
        assert (status, text) == (400, b"Mesos-Stream-Id: must be that of the framework's present stream\n")


def test_a_client_that_goes_is_gone_for_the_master(theatre: Theatre) -> None:
    stream = subscribe(theatre)
    stream.socket.close()
    theatre.master.wait_for(lambda: len(theatre.master.gone) == 1)
    assert theatre.post(call("REVIVE"), stream.stream_id)[0] == 400


def test_streams_end_with_the_master(theatre: Theatre) -> None:
    with subscribe(theatre) as stream:
        theatre.system.terminate(theatre.master.pid)
        assert stream.event() is None


# --- calls ---


@pytest.mark.parametrize("encoding", Encoding)
def test_every_call_comes_to_the_master_in_either_form(theatre: Theatre, encoding: Encoding) -> None:
    told = [
        (each, message)
        for each, message in CALLS
        if each.type not in (_TYPE.SUBSCRIBE, _TYPE.UPDATE_FRAMEWORK, _TYPE.TEARDOWN)
    ]
    with subscribe(theatre) as stream, Client(theatre.web) as client:
        for each, _ in told:
            body = encoding.encode(each)
            answer = theatre.post(body, stream.stream_id, client, Content_Type=encoding.value)
            assert (answer[0], answer[2]) == (202, b"")
        theatre.master.wait_for(lambda: len(theatre.master.told) == len(told))
    assert theatre.master.told == [message for _, message in told]


def test_calls_that_come_at_once_are_answered_and_passed_on_in_order(theatre: Theatre) -> None:
    calls = [call("DECLINE", decline={"offer_ids": [{"value": f"m-O{number}"}]}) for number in range(50)]
    with subscribe(theatre) as stream, Client(theatre.web) as client:
        client.send(b"".join(request(each, stream.stream_id) for each in calls))
        assert [client.response()[0] for _ in calls] == [202] * 50
        theatre.master.wait_for(lambda: len(theatre.master.told) == 50)
    offers = [one.offer_ids for one in theatre.master.told if isinstance(one, scheduling.DeclineOffers)]
    assert offers == [(f"m-O{number}",) for number in range(50)]


def test_a_call_may_come_bit_by_bit_and_large(theatre: Theatre) -> None:
    data = "x" * 1_000_000
    said = {"agent_id": {"value": "S"}, "executor_id": {"value": "e"}, "data": data}
    with subscribe(theatre) as stream, Client(theatre.web) as client:
        whole = request(call("MESSAGE", message=said), stream.stream_id)
        for begin in range(0, len(whole), 300_000):
            client.send(whole[begin : begin + 300_000])
        assert client.response()[0] == 202
        theatre.master.wait_for(lambda: len(theatre.master.told) == 1)


def test_a_call_that_says_more_than_a_message_may_is_refused(theatre: Theatre) -> None:
    many = {"tasks": [{"task_id": {"value": ""}}] * 250_000}
    with subscribe(theatre) as stream:
        status, _, text = theatre.post(call("RECONCILE", reconcile=many), stream.stream_id)
        assert (status, text[:33]) == (413, b"body: must have at most 4194304 b")
        assert theatre.post(b" " * (BODY_BYTES + 1), stream.stream_id)[0] == 413


def test_an_update_of_the_framework_is_answered_by_the_master(theatre: Theatre) -> None:
    with subscribe(theatre) as stream:
        info = {**_INFO, "id": {"value": "m-0000"}}
        update = call("UPDATE_FRAMEWORK", update_framework={"framework_info": info})
        assert theatre.post(update, stream.stream_id)[0] == 200
        info["name"] = "refused"
        status, _, text = theatre.post(update, stream.stream_id)
        assert (status, text) == (400, b"framework_info: no\n")


def test_a_teardown_ends_the_stream_and_the_framework_is_not_found_after_that(theatre: Theatre) -> None:
    with subscribe(theatre) as stream:
        assert theatre.post(call("TEARDOWN"), stream.stream_id)[0] == 202
        theatre.master.wait_for(lambda: theatre.master.told == [scheduling.Teardown("m-0000")])
        assert stream.event() is None
        status, _, text = theatre.post(call("REVIVE"), stream.stream_id)
        assert (status, text) == (400, b"Framework cannot be found\n")


@pytest.mark.parametrize(
    ("framework_id", "expected"),
    [
        ("m-9999", (400, "Framework cannot be found")),
        ("", (400, "Framework cannot be found")),
        (AWAY, (403, "Framework is not subscribed")),
        (NATIVE, (403, "Framework is not connected via HTTP")),
    ],
)
def test_a_framework_without_a_stream_is_refused_by_what_the_master_knows_of_it(
    stage: Theatre, framework_id: str, expected: tuple[int, str]
) -> None:
    for stream_id in (None, "any"):
        status, _, text = stage.post(call("REVIVE", framework_id), stream_id)
        assert (status, text.decode().strip()) == expected


# --- refusals, in the order of the checks ---

_BAD_UUID = {"agent_id": {"value": "S"}, "task_id": {"value": "t"}, "uuid": "AAEC"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "text"),
    [
        (_SUBSCRIBE, {"Content_Type": ""}, 400, "Content-Type: must be given"),
        (_SUBSCRIBE, {"Content_Type": "text/plain"}, 415, "Content-Type: must be application/json or"),
        (_SUBSCRIBE, {"Content_Type": f"{JSON}; charset=utf-8"}, 415, "Content-Type: must be"),
        (b"", {}, 400, "body: "),
        (b"{", {}, 400, "body: "),
        (b"[1]", {}, 400, "body: "),
        (b"\xff\xfe", {"Content_Type": PROTOBUF}, 400, "body: "),
        (b'{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":7,"name":"n"}}}', {}, 400, "body: "),
        ({"type": "SUBSCRIBE", "subscribe": {"framework_info": {"user": "root"}}}, {}, 400, "body: "),
        ({"subscribe": {"framework_info": _INFO}}, {}, 400, "type: must be given"),
        ({"type": "DANCE"}, {}, 400, "type: must be given, and be one that is known"),
        ({"type": "UNKNOWN"}, {}, 501, "type: UNKNOWN is not implemented"),
        ({"type": "SUBSCRIBE"}, {"Accept": "text/html"}, 400, "subscribe: must be given"),
        ({"type": "ACCEPT", "accept": {}}, {}, 400, "framework_id: must be given if type is ACCEPT"),
        (call("ACCEPT"), {}, 400, "accept: must be given if type is ACCEPT"),
        (call("ACKNOWLEDGE", acknowledge=_BAD_UUID), {}, 400, "acknowledge.uuid: must have 16 bytes"),
        (_SUBSCRIBE, {"Accept": "text/html", "Mesos_Stream_Id": "x"}, 406, "Accept: must allow"),
        (call("RECONCILE_OPERATIONS", reconcile_operations={}), {"Accept": "text/html"}, 406, "Accept: "),
        (call("REVIVE", "m-9999"), {"Accept": "text/html"}, 400, "Framework cannot be found"),
        (_SUBSCRIBE, {"Mesos_Stream_Id": "x"}, 400, "Mesos-Stream-Id: must not be given if type is SUB"),
    ],
)
def test_what_is_wrong_is_named_and_the_first_fault_counts(
    stage: Theatre, body: object, headers: dict[str, str], status: int, text: str
) -> None:
    answer = stage.post(body, None, None, **headers)
    assert (answer[0], answer[2].decode()[: len(text)]) == (status, text)


def test_the_stream_id_is_asked_for_and_must_be_the_present_one(theatre: Theatre) -> None:
    with subscribe(theatre):
        status, _, text = theatre.post(call("REVIVE"))
        assert (status, text) == (400, b"Mesos-Stream-Id: must be given unless type is SUBSCRIBE\n")
        assert theatre.post(call("REVIVE"), "other")[0] == 400


def test_only_post_is_allowed(stage: Theatre) -> None:
    with Client(stage.web) as client:
        client.send(request(_SUBSCRIBE, method="PUT"))
        status, headers, _ = client.response()
    assert (status, headers["allow"]) == (405, "POST")


def test_null_and_single_values_are_read_as_real_clients_write_them(theatre: Theatre) -> None:
    lenient = json.dumps({**_SUBSCRIBE, "framework_id": None}).encode()
    with Subscription(theatre, lenient) as stream:
        stream.event()
        declined = call("DECLINE", decline={"offer_ids": {"value": "m-O1"}, "filters": None})
        assert theatre.post(declined, stream.stream_id)[0] == 202
        theatre.master.wait_for(lambda: bool(theatre.master.told))
    assert theatre.master.told == [scheduling.DeclineOffers("m-0000", ("m-O1",))]
