from __future__ import annotations

from actors.log.attendance import Attendance
from tests.actors.log.parliament import member
from transport.messages.replication import MembersChanged, MemberStatus, RecoverResponse, Status
from transport.pid import Pid


def attended(*, registered: int | None = 3) -> Attendance:
    """Three members, of which the first is this node's own."""
    attendance = Attendance(Pid("log-replica(1)", "a", 6050, 7))
    attendance.change(MembersChanged(tuple(member(number) for number in range(3)), registered))
    return attendance


def fares(status: Status = Status.VOTING) -> RecoverResponse:
    """How a replica fares."""
    return RecoverResponse("r", "r0", status, begin=3, end=9, quorum=2)


def silent(_member: Pid) -> str:
    """Nothing is known of any trouble."""
    return ""


def test_each_member_is_shown_with_what_it_said_last_and_when() -> None:
    attendance = attended()
    attendance.hear(member(1), fares(Status.STARTING), 10.0, silence_seconds=3.0)
    attendance.hear(member(1), fares(), 11.0, silence_seconds=3.0)
    assert attendance.statuses(fares(), 15.0, lambda pid: f"trouble with {pid.host}") == (
        MemberStatus(member(0), Status.VOTING, 0.0, 3, 9, 2),
        MemberStatus(member(1), Status.VOTING, 4.0, 3, 9, 2, "trouble with b"),
        MemberStatus(member(2), unreachable="trouble with c"),
    )


def test_as_long_as_its_own_replica_has_said_nothing_nothing_is_known_of_it() -> None:
    assert attended().statuses(None, 1.0, silent)[0] == MemberStatus(member(0))


def test_its_own_replica_is_not_registered_when_zookeeper_lists_one_less() -> None:
    for registered, is_registered in ((2, False), (3, True), (4, True), (None, True)):
        own = attended(registered=registered).statuses(fares(), 1.0, silent)[0]
        assert own.registered is is_registered


def test_another_status_and_a_voice_after_a_silence_are_news() -> None:
    attendance = attended()
    said = [
        attendance.hear(member(1), fares(status), at, silence_seconds=3.0)
        for status, at in (
            (Status.EMPTY, 1.0),
            (Status.EMPTY, 2.0),
            (Status.STARTING, 3.0),
            (Status.STARTING, 6.0),
            (Status.STARTING, 9.1),
        )
    ]
    assert said == [True, False, True, False, True]


def test_who_is_silent_and_who_left_is_known() -> None:
    attendance = attended()
    for number, at in ((1, 1.0), (2, 5.0)):
        attendance.hear(member(number), fares(), at, silence_seconds=3.0)
    assert attendance.silent(7.0, 5.0) == (member(1),)
    assert attendance.others == (member(1), member(2))
    attendance.change(MembersChanged((member(0), member(2)), 2))
    attendance.change(MembersChanged((member(0), member(1), member(2)), 3))
    assert attendance.statuses(fares(), 7.0, silent)[1] == MemberStatus(member(1))
