"""What was asked of a session and is not answered yet."""

from __future__ import annotations

from actors.election.requests import Requests
from transport.messages.zookeeper import ListChildren, MakePath, ReadNode
from transport.pid import Pid

ASKER = Pid("contender", "anna", 6050)
READ = ReadNode(1, "/mesos/a")
MAKE = MakePath(2, "/mesos")
LIST = ListChildren(3, "/mesos")


def test_requests_are_sent_in_their_order_each_with_a_number() -> None:
    requests = Requests()
    requests.add(ASKER, READ)
    requests.add(ASKER, LIST)
    assert list(requests.to_send(0.0)) == [(1, READ), (2, LIST)]
    assert not list(requests.to_send(0.0)), "once each"


def test_what_follows_the_making_of_a_path_waits_for_it() -> None:
    requests = Requests()
    for request in (MAKE, LIST):
        requests.add(ASKER, request)
    assert list(requests.to_send(0.0)) == [(1, MAKE)]
    assert not list(requests.to_send(0.0))
    requests.answered(1)
    assert list(requests.to_send(0.0)) == [(2, LIST)]


def test_an_answer_is_known_by_its_number_and_only_once() -> None:
    requests = Requests()
    requests.add(ASKER, READ)
    assert list(requests.to_send(7.0)) == [(1, READ)]
    asked = requests.answered(1)
    assert asked is not None
    assert (asked.asker, asked.request, asked.sent_at) == (ASKER, READ, 7.0)
    assert requests.answered(1) is None


def test_the_oldest_that_was_sent_tells_how_long_the_session_has_waited() -> None:
    requests = Requests()
    assert requests.oldest_sent_at() is None
    for request, now in ((MAKE, 5.0), (READ, 6.0)):
        requests.add(ASKER, request)
        list(requests.to_send(now))
    assert requests.oldest_sent_at() == 5.0
    requests.answered(1)
    list(requests.to_send(8.0))
    assert requests.oldest_sent_at() == 8.0


def test_all_that_is_given_up_is_given_up_in_order_and_its_answers_come_too_late() -> None:
    requests = Requests()
    for request in (READ, MAKE, LIST):
        requests.add(ASKER, request)
    sent = [number for number, _ in requests.to_send(0.0)]
    assert [asked.request for asked in requests.give_up()] == [READ, MAKE, LIST]
    assert requests.oldest_sent_at() is None
    requests.add(ASKER, LIST)
    assert list(requests.to_send(0.0)) == [(3, LIST)], "it waits for no path of former times"
    assert [requests.answered(number) for number in sent] == [None, None]
