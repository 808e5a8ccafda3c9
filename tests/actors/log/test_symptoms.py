from __future__ import annotations

import pytest

from actors.log.symptoms import SILENT_SECONDS, Symptom, Symptoms, addresses, is_loopback
from transport.messages.replication import LogStatus, MemberStatus, Status
from transport.pid import Pid

OWN = Pid("log-replica(1)", "10.0.0.1", 6050)
PEER = Pid("log-replica(1)", "10.0.0.2", 6050)


def seen(peer: MemberStatus, recovering_seconds: float = SILENT_SECONDS) -> Symptoms:
    own = MemberStatus(OWN, Status.EMPTY, 0.0)
    return Symptoms(LogStatus(OWN, Status.EMPTY, 2, True, (own, peer), recovering_seconds=recovering_seconds))


@pytest.mark.parametrize(
    ("reason", "symptom"),
    [
        ("cannot connect", Symptom.REFUSED),
        ("connection refused", Symptom.REFUSED),
        ("no HELLO for 5.2 s", Symptom.CUT_OFF),
        ("silent for 10.0 s", Symptom.CUT_OFF),
        ("the other side does not speak this protocol, or not with this key", Symptom.STRANGER),
        ("the other side does not speak this protocol", Symptom.STRANGER),
        ("the other side does not accept this node's key", Symptom.STRANGER),
        ("self: 10.0.0.2:6050 is this node itself", Symptom.OURSELVES),
        ("", Symptom.MUTE),
    ],
)
def test_the_reason_of_a_broken_connection_is_a_symptom(reason: str, symptom: Symptom) -> None:
    peer = MemberStatus(PEER, unreachable=reason)
    assert {one: seen(peer).showing(one) for one in Symptom if seen(peer).showing(one)} == {symptom: (peer,)}


def test_a_member_that_answered_lately_is_not_silent_whatever_happened_to_its_connection() -> None:
    peer = MemberStatus(PEER, Status.EMPTY, SILENT_SECONDS - 0.1, unreachable="cannot connect")
    assert seen(peer).silent_members == ()
    assert seen(peer).answering(Status.EMPTY) == (peer,)


def test_a_member_that_has_only_just_been_asked_is_unheard_not_silent() -> None:
    symptoms = seen(MemberStatus(PEER), recovering_seconds=1.0)
    assert (symptoms.unheard, symptoms.silent_members) == (True, ())
    assert not seen(MemberStatus(PEER)).unheard


def test_this_nodes_own_replica_is_known_in_whatever_life() -> None:
    symptoms = seen(MemberStatus(Pid(OWN.name, OWN.host, OWN.port, incarnation=7)))
    assert symptoms.peers == ()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.0.1.1", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("2001:db8::1", False),
        ("master-1", False),
    ],
)
def test_loopback_addresses_are_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_addresses_stand_in_a_sentence() -> None:
    members = [MemberStatus(Pid("log-replica(1)", f"10.0.0.{number}", 6050)) for number in (1, 2, 3)]
    assert addresses(members) == "10.0.0.1:6050, 10.0.0.2:6050 and 10.0.0.3:6050"
    assert addresses(members[:1]) == "10.0.0.1:6050"
    assert addresses([]) == ""
