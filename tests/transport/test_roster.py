"""The nodes that one node knows."""

from __future__ import annotations

import random

import pytest

from transport import frame
from transport.frame import FrameError, Hello, KnownAsError
from transport.limits import Limits
from transport.link import Link
from transport.peer import Peer
from transport.pid import Address
from transport.roster import Roster

HOME, THERE, ALIAS = Address("h", 1), Address("h", 2), Address("localhost", 2)


def roster() -> Roster:
    return Roster(HOME, Limits(), random.Random(1), lambda _peer: None)


def hello(session: int = 9, incarnation: int = 1, address: Address = THERE, to: Address = HOME) -> Hello:
    heard = frame.read(frame.hello(session, address, incarnation, 2_048, to))
    assert isinstance(heard, Hello)
    return heard


def opened(peers: Roster) -> Peer:
    peer = peers.add(THERE)
    peer.opened(Link(b"1", peer, Limits(), 0.0), hello(), 0.0)
    return peer


def test_every_life_of_a_pair_has_a_session_after_those_before() -> None:
    peers = roster()
    sessions = [peers.add(Address("h", port)).session for port in range(2, 50)]
    assert sessions == sorted(set(sessions))
    assert all(0 <= session < 2**63 for session in sessions)


def test_a_peer_is_found_by_all_its_names_and_counted_once() -> None:
    peers = roster()
    peer = peers.add(THERE)
    peers.name(peer, ALIAS)
    peers.name(peer, ALIAS)
    assert peers.find(*THERE) is peers.find(*ALIAS) is peer
    assert list(peers) == [peer]
    assert peer.names == [THERE, ALIAS]
    peers.remove(peer)
    assert peers.find(*THERE) is peers.find(*ALIAS) is None


def test_a_name_that_somebody_bears_stays_theirs() -> None:
    peers = roster()
    first, second = peers.add(THERE), peers.add(ALIAS)
    peers.name(first, ALIAS)
    assert peers.find(*ALIAS) is second
    assert first.names == [THERE]
    peers.remove(first)
    assert peers.find(*ALIAS) is second


def test_an_unknown_node_is_admitted() -> None:
    assert roster().admit(hello(), 0.0) == (None, "")


def test_a_node_that_is_being_dialed_is_admitted_to_the_same_pair() -> None:
    peers = roster()
    peer = peers.add(THERE)
    assert peers.admit(hello(), 0.0) == (peer, "")


def test_the_same_life_is_admitted_to_the_same_pair() -> None:
    peers = roster()
    peer = opened(peers)
    assert peers.admit(hello(), 0.0) == (peer, "")


@pytest.mark.parametrize(
    ("heard", "why"),
    [
        (hello(incarnation=2, session=1), "a new incarnation of the node took its place"),
        (hello(session=10), "the node connected anew"),
    ],
)
def test_a_later_life_ends_the_one_before(heard: Hello, why: str) -> None:
    peers = roster()
    peer = opened(peers)
    assert peers.admit(heard, 0.0) == (peer, why)


def test_an_earlier_session_is_refused() -> None:
    peers = roster()
    opened(peers)
    with pytest.raises(FrameError, match="older session"):
        peers.admit(hello(session=8), 0.0)


def test_our_own_address_is_refused() -> None:
    with pytest.raises(FrameError, match="own address"):
        roster().admit(hello(address=HOME), 0.0)


def test_another_name_for_us_is_answered_with_ours() -> None:
    peers = roster()
    opened(peers)
    with pytest.raises(KnownAsError) as caught:
        peers.admit(hello(session=10, to=Address("localhost", 1)), 0.0)
    assert caught.value.address == HOME


def test_a_punished_address_is_refused_until_its_time_is_over() -> None:
    peers = roster()
    peers.backoff(THERE).punish(0.0)
    with pytest.raises(FrameError, match=r"refused for another 4\.0 s"):
        peers.admit(hello(), 6.0)
    assert peers.admit(hello(), 10.0) == (None, "")


def test_old_failures_are_forgotten() -> None:
    peers = roster()
    backoff = peers.backoff(THERE)
    backoff.failed(0.0)
    peers.tidy(3.0)
    assert peers.backoff(THERE) is backoff
    peers.tidy(50.0)
    assert peers.backoff(THERE) is not backoff
