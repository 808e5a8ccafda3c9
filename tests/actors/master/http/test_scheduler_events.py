import pytest

from actors.master.http.scheduler_events import event_of
from tests.actors.master.http.conversation import EVENTS
from transport.http.media_type import Encoding
from transport.message import Message
from transport.messages.scheduling import OffersOutstanding
from transport.records.scheduler_event import Event


def test_there_is_an_example_of_each_event() -> None:
    assert {event.type for _, event in EVENTS} == {*Event.Type} - {Event.Type.UNKNOWN}


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize(("message", "event"), EVENTS, ids=lambda one: type(one).__name__)
def test_each_message_is_an_event_in_either_form(message: Message, event: Event, encoding: Encoding) -> None:
    assert event_of(message) == event
    assert encoding.decode(encoding.encode(event), Event) == event


def test_what_is_for_native_schedulers_alone_is_no_event() -> None:
    assert event_of(OffersOutstanding(("m-O1",))) is None
