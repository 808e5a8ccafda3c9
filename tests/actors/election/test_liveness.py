"""Until when a session was certainly alive."""

from __future__ import annotations

from actors.election.liveness import Liveness

TIMEOUT_SECONDS = 8.0  # whose leader hears from everybody within a second


def test_a_new_session_was_alive_when_it_was_asked_for() -> None:
    assert Liveness(100.0, TIMEOUT_SECONDS).alive_at == 100.0


def test_the_answer_of_one_server_proves_nothing() -> None:
    liveness = Liveness(100.0, TIMEOUT_SECONDS)
    for sent_at in (101.0, 105.0, 110.0):
        assert not liveness.answered(sent_at, sent_at + 0.1, by_quorum=False)
    assert liveness.alive_at == 100.0


def test_an_answer_by_the_quorum_proves_that_the_leader_has_heard_of_what_was_answered_a_while_before() -> (
    None
):
    liveness = Liveness(100.0, TIMEOUT_SECONDS)
    liveness.answered(101.0, 101.1, by_quorum=False)
    assert not liveness.answered(102.0, 102.1, by_quorum=True), "it was answered less than a second before"
    assert liveness.answered(102.1, 102.2, by_quorum=True)
    assert liveness.alive_at == 101.0, "when it was sent, not when it was answered"
    assert liveness.answered(105.0, 105.1, by_quorum=True)
    assert liveness.alive_at == 102.1


def test_what_was_sent_long_ago_but_answered_just_now_may_not_have_reached_the_leader() -> None:
    liveness = Liveness(100.0, TIMEOUT_SECONDS)
    liveness.answered(101.0, 105.0, by_quorum=False)
    assert not liveness.answered(105.5, 105.6, by_quorum=True)
    assert liveness.alive_at == 100.0


def test_another_connection_proves_something_only_when_the_quorum_has_answered_on_it() -> None:
    liveness = Liveness(100.0, TIMEOUT_SECONDS)
    liveness.answered(101.0, 101.1, by_quorum=False)
    liveness.reconnected(104.0)
    assert liveness.alive_at == 100.0, "the server may be cut off from the others"
    assert liveness.answered(104.2, 104.3, by_quorum=True)
    assert liveness.alive_at == 104.0, "what was sent before may never have left the former server"


def test_the_leader_of_a_short_session_hears_more_often() -> None:
    liveness = Liveness(100.0, 2.0)
    liveness.answered(100.1, 100.2, by_quorum=False)
    assert liveness.answered(100.7, 100.8, by_quorum=True)
    assert liveness.alive_at == 100.1


def test_only_what_may_still_prove_something_is_remembered() -> None:
    liveness = Liveness(0.0, TIMEOUT_SECONDS)
    for number in range(1000):
        liveness.answered(float(number), number + 0.1, by_quorum=True)
    assert liveness.alive_at == 997.0
    assert len(liveness._answered) == 2
