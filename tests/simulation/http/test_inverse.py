import pytest

from actors.master.http import scheduler_calls
from tests.actors.master.http.conversation import CALLS, EVENTS, F
from tests.simulation.http.inverse import call_of, message_of
from transport.message import Message
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event


@pytest.mark.parametrize(("call", "message"), CALLS, ids=lambda one: type(one).__name__)
def test_a_message_is_the_call_that_it_comes_of(call: Call, message: Message) -> None:
    again = call_of(message)
    assert again.type is call.type
    assert scheduler_calls.message_of(again) == message


@pytest.mark.parametrize(("message", "event"), EVENTS, ids=lambda one: type(one).__name__)
def test_an_event_is_the_message_that_it_comes_of(message: Message, event: Event) -> None:
    assert message_of(event, F) == message
