"""Which node of a group is our own, and which must go."""

from __future__ import annotations

from actors.election.nodes import Node
from actors.election.seat import Seat, Steps

OURS = 7
NOTHING = Steps((), create=False)


def make_seat(data: bytes | None = b"me", former: bytes = b"", name: str | None = None) -> Seat:
    seat = Seat(lambda found: bool(former) and found == former)
    seat.begin_session(OURS)
    seat.data, seat.name = data, name
    return seat


def settle(seat: Seat, **nodes: Node) -> Steps:
    seat.listed(tuple(nodes))
    return seat.settle(tuple(nodes), nodes)


def test_who_has_no_node_makes_one() -> None:
    assert settle(make_seat(), n0=Node(b"other", 3)) == Steps((), create=True)


def test_who_wants_none_makes_none() -> None:
    assert settle(make_seat(None), n0=Node(b"other", 3)) == NOTHING


def test_a_node_whose_making_was_never_answered_is_found_again() -> None:
    seat = make_seat()
    assert settle(seat, n0=Node(b"other", 3), n1=Node(b"me", OURS)) == NOTHING
    assert seat.name == "n1"


def test_of_two_that_were_made_the_first_stays() -> None:
    seat = make_seat()
    assert settle(seat, n1=Node(b"me", OURS), n2=Node(b"me", OURS)) == Steps(("n2",), create=False)
    assert seat.name == "n1"


def test_the_one_that_is_known_stays_even_if_it_is_not_the_first() -> None:
    seat = make_seat(name="n2")
    assert settle(seat, n1=Node(b"me", OURS), n2=Node(b"me", OURS)) == Steps(("n1",), create=False)


def test_a_node_of_our_session_with_other_data_goes() -> None:
    assert settle(make_seat(), n1=Node(b"old", OURS)) == Steps(("n1",), create=True)


def test_a_node_that_was_given_up_is_never_taken_again() -> None:
    seat = make_seat(name="n1")
    seat.give_up("n1")
    assert seat.name is None
    assert settle(seat, n1=Node(b"me", OURS)) == Steps(("n1",), create=True)
    assert settle(seat, n1=Node(b"me", OURS), n2=Node(b"me", OURS)) == Steps(("n1",), create=False)
    assert seat.name == "n2"


def test_nodes_of_our_former_sessions_are_removed() -> None:
    seat = make_seat(name="n1")
    seat.begin_session(8)
    assert seat.name is None
    assert settle(seat, n1=Node(b"me", OURS)) == Steps(("n1",), create=True)


def test_a_session_that_comes_back_is_no_former_one() -> None:
    seat = make_seat()
    seat.end_session()
    seat.begin_session(OURS)
    assert settle(seat, n1=Node(b"me", OURS)) == NOTHING


def test_what_an_earlier_life_left_is_removed_once() -> None:
    seat = make_seat(former=b"me before")
    assert settle(seat, n0=Node(b"me before", 3)) == Steps(("n0",), create=True)
    # Somebody else claims to be who we are; if both removed the other's node there would be no end to it.
    assert settle(seat, n1=Node(b"me before", 4)) == Steps((), create=True)


def test_a_persistent_node_is_nobodys() -> None:
    seat = make_seat(former=b"me")
    assert settle(seat, n0=Node(b"me", 0)) == Steps((), create=True)


def test_a_name_that_another_has_now_is_not_ours() -> None:
    seat = make_seat(name="n1")
    assert not seat.is_taken({})
    assert not seat.is_taken({"n1": Node(b"me", OURS)})
    assert seat.is_taken({"n1": Node(b"me", 9)})
    assert not seat.is_taken({"n1": Node(b"me", 9)})


def test_a_node_that_was_just_made_is_ours_even_under_a_name_that_was_given_up() -> None:
    seat = make_seat(name="n1")
    seat.give_up("n1")
    seat.take("n1")
    assert settle(seat, n1=Node(b"me", OURS)) == NOTHING
    assert seat.name == "n1"


def test_the_loss_of_our_node_is_seen_once() -> None:
    seat = make_seat(name="n1")
    assert not seat.listed(("n0", "n1"))
    assert seat.listed(("n0",))
    assert seat.name is None
    assert not seat.listed(("n0",))
