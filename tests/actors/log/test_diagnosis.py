"""Each way in which the log does not form, as one replica sees it, and what is said of it."""

from __future__ import annotations

import msgspec
import pytest

from actors.log.causes import RULES, Cause
from actors.log.diagnosis import diagnose, facts, find
from transport.messages.replication import LogStatus, MemberStatus, Status
from transport.pid import Pid

GROUP = "zk://10.0.0.9:2181/mesos/log_replicas"
REFUSED = "cannot connect"
DROPPED = "no HELLO for 5.0 s"
STRANGE = "the other side does not accept this node's key"
LOOPED = "127.0.0.1:6050 is this node itself"


def pid(host: str | int) -> Pid:
    return Pid("log-replica(1)", host if isinstance(host, str) else f"10.0.0.{host}", 6050)


def member(
    host: str | int,
    status: Status | None = Status.VOTING,
    *,
    silent_seconds: float | None = 0.5,
    unreachable: str = "",
    quorum: int = 2,
    end: int = 9,
) -> MemberStatus:
    if status is None:
        return MemberStatus(pid(host), silent_seconds=None, unreachable=unreachable)
    return MemberStatus(
        pid(host), status, silent_seconds=silent_seconds, end=end, quorum=quorum, unreachable=unreachable
    )


def own_status(
    own: Status,
    *others: MemberStatus,
    host: str | int = 1,
    quorum: int = 2,
    recovering_seconds: float = 12.0,
    connected: bool | None = True,
    auto_initialize: bool = True,
    group: str = GROUP,
) -> LogStatus:
    return LogStatus(
        replica=pid(host),
        status=own,
        quorum=quorum,
        auto_initialize=auto_initialize,
        members=(MemberStatus(pid(host), own, 0.0, quorum=quorum), *others),
        recovering_seconds=0.0 if own is Status.VOTING else recovering_seconds,
        group=group,
        connected=connected,
    )


EMPTY, STARTING, RECOVERING, VOTING = Status.EMPTY, Status.STARTING, Status.RECOVERING, Status.VOTING

#: What is seen, its cause, and words that must stand in what a person reads.
SEEN: tuple[tuple[str, LogStatus, Cause, tuple[str, ...]], ...] = (
    (
        "ZooKeeper cannot be reached",
        own_status(EMPTY, connected=False),
        Cause.ZOOKEEPER_AWAY,
        ("Not connected to ZooKeeper", GROUP, "--zk"),
    ),
    (
        "ZooKeeper is gone while all goes well",
        own_status(VOTING, member(2), member(3), connected=False),
        Cause.ZOOKEEPER_AWAY,
        ("no master can be elected",),
    ),
    (
        "a quorum without --zk",
        own_status(EMPTY, group="", connected=None),
        Cause.QUORUM_WITHOUT_GROUP,
        ("--quorum=2 needs other masters", "--zk"),
    ),
    (
        "other masters are not started, or under another path",
        own_status(EMPTY),
        Cause.MASTERS_MISSING,
        ("needs 2 log replicas", "only this master is registered in " + GROUP, "Waiting for 1 more", "--zk"),
    ),
    (
        "two of five masters",
        own_status(EMPTY, member(2, EMPTY, quorum=3), quorum=3),
        Cause.MASTERS_MISSING,
        ("only 2 are registered", "Waiting for 1 more"),
    ),
    (
        "two masters at the first start of three",
        own_status(EMPTY, member(2, EMPTY)),
        Cause.QUORUM_TOO_LARGE,
        ("all 2*quorum-1 = 3 masters up; 2 seen", "Start 1 more", "--quorum"),
    ),
    (
        "three masters that split",
        own_status(VOTING, member(2, quorum=1), member(3, quorum=1), quorum=1),
        Cause.QUORUM_TOO_SMALL,
        ("--quorum=1 is too small for 3 masters", "--quorum=2"),
    ),
    (
        "masters with different quorums",
        own_status(EMPTY, member(2, EMPTY, quorum=3), member(3, EMPTY)),
        Cause.QUORUM_DIFFERS,
        ("--quorum=2 here, --quorum=3 at 10.0.0.2:6050",),
    ),
    (
        "a peer at a loopback address",
        own_status(EMPTY, member("127.0.1.1", None, unreachable=REFUSED), member(3, EMPTY)),
        Cause.PEER_ADDRESS_LOOPBACK,
        ("127.0.1.1:6050, a loopback address", "--ip (or --advertise_ip)"),
    ),
    (
        "our own loopback address",
        own_status(EMPTY, member(2, EMPTY), member(3, EMPTY), host="127.0.0.1"),
        Cause.OWN_ADDRESS_LOOPBACK,
        ("This master advertises 127.0.0.1:6050", "--ip"),
    ),
    (
        "our own loopback address, told by where ZooKeeper is",
        own_status(EMPTY, host="127.0.0.1"),
        Cause.OWN_ADDRESS_LOOPBACK,
        ("This master advertises 127.0.0.1:6050",),
    ),
    (
        "an address of a peer that leads back here",
        own_status(EMPTY, member(2, None, unreachable=LOOPED), member(3, EMPTY)),
        Cause.ADDRESS_TWICE,
        ("same address, 10.0.0.2:6050",),
    ),
    (
        "the same address twice in the group",
        own_status(EMPTY, member(1, EMPTY), member(3, EMPTY)),
        Cause.ADDRESS_TWICE,
        ("same address, 10.0.0.1:6050",),
    ),
    (
        "a firewall that drops",
        own_status(EMPTY, member(2, None, unreachable=DROPPED), member(3, EMPTY)),
        Cause.MEMBER_CUT_OFF,
        ("No answer from 10.0.0.2:6050", "firewall", "actor_port"),
    ),
    (
        "a registered master that ended",
        own_status(RECOVERING, member(2, VOTING, silent_seconds=8, unreachable=REFUSED), member(3)),
        Cause.MEMBER_ENDED,
        ("Nothing listens at 10.0.0.2:6050", "session expires"),
    ),
    (
        "a stale node beside the full number",
        own_status(VOTING, member(2), member(3), member(4, None, unreachable=REFUSED)),
        Cause.STALE_MEMBER,
        ("4 log replicas are registered", "10.0.0.4:6050 does not answer", "Nothing needs to be done"),
    ),
    (
        "answers that do not come back",
        own_status(EMPTY, member(2, None), member(3, None)),
        Cause.ONE_WAY,
        ("10.0.0.2:6050 and 10.0.0.3:6050 is reached", "one way", "10.0.0.1:6050"),
    ),
    (
        "another secret",
        own_status(EMPTY, member(2, None, unreachable=STRANGE), member(3, EMPTY)),
        Cause.SECRET_DIFFERS,
        ("handshake with 10.0.0.2:6050 fails", "--secret_file"),
    ),
    (
        "data on one replica only",
        own_status(EMPTY, member(2, EMPTY), member(3)),
        Cause.DATA_ON_TOO_FEW,
        (
            "on 1 replica only (10.0.0.3:6050)",
            "--quorum=2 needs it on 2",
            "old work directory",
            "stop 1 master of those that are EMPTY, no more, run `pion log initialize`",
        ),
    ),
    (
        "data on no replica any more",
        own_status(RECOVERING, member(2, RECOVERING), member(3, EMPTY)),
        Cause.DATA_ON_TOO_FEW,
        ("on 0 replicas any more", "empty registry"),
    ),
    (
        "nobody initialized the log",
        own_status(EMPTY, member(2, EMPTY), member(3, EMPTY), auto_initialize=False),
        Cause.NOT_INITIALIZED,
        ("pion log initialize",),
    ),
    (
        "a new disk in an old group",
        own_status(EMPTY, member(2, end=7), member(3, end=8)),
        Cause.CATCHING_UP,
        ("has no data yet", "10.0.0.2:6050 and 10.0.0.3:6050", "position 0 of 8"),
    ),
    (
        "a disk that is not trusted",
        own_status(RECOVERING, member(2), member(3)),
        Cause.CATCHING_UP,
        ("cannot vouch for what its disk holds", "nothing needs to be done by hand"),
    ),
    (
        "all begin together",
        own_status(STARTING, member(2, STARTING), member(3)),
        Cause.FORMING,
        ("goes on by itself",),
    ),
    (
        "voting, but nobody else does",
        own_status(VOTING, member(2, EMPTY), member(3, RECOVERING)),
        Cause.VOTES_MISSING,
        ("Nothing can be written: 1 of the log's replicas vote",),
    ),
    (
        "voting with no master to spare",
        own_status(VOTING, member(2)),
        Cause.NO_SPARE,
        ("The log works", "of the 3 masters", "one more lost"),
    ),
)


@pytest.mark.parametrize(("status", "cause", "words"), [pytest.param(*one[1:], id=one[0]) for one in SEEN])
def test_each_cause_is_found_and_named_with_what_to_do(
    status: LogStatus, cause: Cause, words: tuple[str, ...]
) -> None:
    finding = find(status)
    assert finding is not None
    assert finding.cause is cause
    assert [word for word in words if word not in finding.text] == []
    assert diagnose(status) == f"{finding.text} {facts(status)}"


def test_every_cause_stands_once_in_the_order_of_likelihood_and_in_these_tests() -> None:
    assert sorted(cause for cause, _rule in RULES) == sorted(Cause)
    assert {cause for _name, _status, cause, _words in SEEN} == set(Cause)


def test_the_likeliest_of_several_causes_comes_first() -> None:
    """Each is mended in turn, and the next one shows."""
    loopback = member("127.0.1.1", None, unreachable=REFUSED)
    dropped = member(2, None, unreachable=DROPPED)
    refused = member(3, None, unreachable=REFUSED)
    steps: tuple[tuple[LogStatus, Cause], ...] = (
        (own_status(EMPTY, loopback, dropped, connected=False), Cause.ZOOKEEPER_AWAY),
        (own_status(EMPTY, loopback, dropped), Cause.PEER_ADDRESS_LOOPBACK),
        (own_status(EMPTY, refused, dropped, member(4, EMPTY)), Cause.STALE_MEMBER),
        (own_status(EMPTY, *(member(host, EMPTY) for host in (2, 3, 4))), Cause.QUORUM_TOO_SMALL),
        (own_status(EMPTY, quorum=3), Cause.MASTERS_MISSING),
        (own_status(EMPTY, refused, dropped), Cause.MEMBER_ENDED),
        (own_status(EMPTY, member(3, VOTING), dropped), Cause.MEMBER_CUT_OFF),
        (own_status(EMPTY, member(3, VOTING), member(2, None)), Cause.ONE_WAY),
        (own_status(EMPTY, member(3, VOTING), member(2, EMPTY)), Cause.DATA_ON_TOO_FEW),
        (own_status(EMPTY, member(3, VOTING), member(2, VOTING)), Cause.CATCHING_UP),
    )
    found = [find(status) for status, _cause in steps]
    assert [one and one.cause for one in found] == [cause for _status, cause in steps]


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(own_status(VOTING, member(2), member(3)), id="three masters"),
        pytest.param(own_status(VOTING, quorum=1, group="", connected=None), id="a master alone"),
        pytest.param(own_status(VOTING, quorum=1), id="a master alone with ZooKeeper"),
        pytest.param(own_status(VOTING, quorum=1, host="127.0.0.1"), id="on loopback, alone"),
        pytest.param(
            msgspec.structs.replace(
                own_status(VOTING, member("127.0.0.2"), member("127.0.0.3"), host="127.0.0.1"),
                group="zk://localhost:2181/mesos/log_replicas",
            ),
            id="all on one machine",
        ),
        pytest.param(own_status(VOTING, member(2), member(3, None)), id="one was only just asked"),
        pytest.param(
            own_status(VOTING, *(member(host, quorum=3) for host in (2, 3, 4)), quorum=3),
            id="four of five masters",
        ),
    ],
)
def test_nothing_is_said_when_all_is_well(status: LogStatus) -> None:
    assert find(status) is None
    assert diagnose(status) == ""


def test_who_is_silent_matters_only_while_those_that_answer_are_too_few() -> None:
    gone = member(4, None, unreachable=REFUSED)
    finding = find(own_status(RECOVERING, member(2, quorum=2), member(3), quorum=2))
    assert finding is not None
    assert finding.cause is Cause.CATCHING_UP
    five = own_status(
        RECOVERING, *(member(host, quorum=3) for host in (2, 3, 5)), gone, quorum=3, recovering_seconds=30
    )
    finding = find(five)
    assert finding is not None
    assert finding.cause is Cause.CATCHING_UP


def test_a_member_is_given_time_to_answer() -> None:
    early = own_status(EMPTY, member(2, None), member(3, EMPTY), recovering_seconds=2.0)
    finding = find(early)
    assert finding is not None
    assert finding.cause is Cause.FORMING
    late = own_status(EMPTY, member(2, EMPTY, silent_seconds=5.0), member(3, EMPTY))
    finding = find(late)
    assert finding is not None
    assert finding.cause is Cause.ONE_WAY


def test_the_facts_are_the_own_address_the_quorum_zookeeper_and_every_member() -> None:
    status = own_status(
        EMPTY,
        member(2, VOTING, silent_seconds=31.4, unreachable=DROPPED),
        member(3, STARTING),
        member(4, None),
    )
    assert facts(status) == (
        "This master's replica advertises 10.0.0.1:6050; --quorum=2 is for 3 masters; connected to "
        f"{GROUP}; replicas: 10.0.0.1:6050 (this master) EMPTY; 10.0.0.2:6050 no answer for 31 s "
        "(no HELLO for 5.0 s); 10.0.0.3:6050 STARTING; 10.0.0.4:6050 no answer for 12 s."
    )
    alone = own_status(EMPTY, group="", connected=None, quorum=1)
    assert "without ZooKeeper; replicas: 10.0.0.1:6050 (this master) EMPTY." in facts(alone)
