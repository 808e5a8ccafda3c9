from __future__ import annotations

import json

import pytest

from actors.agent.http.executor_events import HEARTBEAT, event_of
from tests.actors.agent.http.conversation import EVENTS, UUID_BYTES
from transport.http.media_type import Encoding
from transport.json_defaults import completed
from transport.message import Message
from transport.messages.executing import ReconnectExecutor, UpdateAcknowledged
from transport.records.executor_event import Event


def test_there_is_an_example_of_each_event() -> None:
    assert {event.type for _, event in EVENTS} == {*Event.Type} - {Event.Type.UNKNOWN, Event.Type.HEARTBEAT}


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize(("message", "event"), EVENTS, ids=lambda one: type(one).__name__)
def test_each_message_is_an_event_in_either_form(message: Message, event: Event, encoding: Encoding) -> None:
    assert event_of(message) == event
    read = encoding.decode(encoding.encode(event), Event)
    # JSON says defaults that were not set.
    assert read == (event if encoding is Encoding.PROTOBUF else completed(event))


def test_an_acknowledgement_in_json_has_its_uuid_in_base_64() -> None:
    event = event_of(UpdateAcknowledged("t1", UUID_BYTES))
    assert event is not None
    assert json.loads(Encoding.JSON.encode(event)) == {
        "type": "ACKNOWLEDGED",
        "acknowledged": {"task_id": {"value": "t1"}, "uuid": "AAECAwQFBgcICQoLDA0ODw=="},
    }


def test_a_heartbeat_is_only_its_type() -> None:
    assert json.loads(Encoding.JSON.encode(HEARTBEAT)) == {"type": "HEARTBEAT"}


def test_what_is_for_native_executors_alone_is_no_event() -> None:
    assert event_of(ReconnectExecutor()) is None
