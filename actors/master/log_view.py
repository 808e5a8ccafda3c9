"""How the log fares, as programs and people read it at `/log/status`."""

from __future__ import annotations

from typing import Self

import msgspec

from actors.log.causes import Cause
from actors.log.diagnosis import fare, find, zookeeper
from actors.log.symptoms import Symptoms
from transport.messages.replication import LogStatus, Status


class MemberView(msgspec.Struct, frozen=True):
    """One replica; see `MemberStatus`."""

    address: str
    this_master: bool
    status: Status | None
    silent_seconds: float | None
    begin: int
    end: int
    quorum: int
    unreachable: str
    registered: bool
    #: All of that in a few words.
    fare: str


class LogView(msgspec.Struct, frozen=True):
    """The log as one master sees it; see `LogStatus`."""

    address: str
    status: Status
    quorum: int
    #: How many masters such a quorum is for.
    masters_expected: int
    auto_initialize: bool
    begin: int
    end: int
    recovering_seconds: float
    zookeeper: str
    connected: bool | None
    group: str
    members: tuple[MemberView, ...]
    #: The likeliest cause of what is wrong; None when all is well.
    cause: Cause | None
    #: What a person should know of it, and do.
    advice: str
    #: That, and the facts behind it, as it stands in the master's log.
    diagnosis: str

    @classmethod
    def of(cls, status: LogStatus) -> Self:
        """Look at a status."""
        symptoms, finding = Symptoms(status), find(status)
        members = (
            MemberView(
                address=str(member.pid.address),
                this_master=symptoms.is_own(member),
                status=member.status,
                silent_seconds=member.silent_seconds,
                begin=member.begin,
                end=member.end,
                quorum=member.quorum,
                unreachable=member.unreachable,
                registered=member.registered,
                fare=fare(status, member),
            )
            for member in status.members
        )
        return cls(
            address=str(status.replica.address),
            status=status.status,
            quorum=status.quorum,
            masters_expected=symptoms.expected,
            auto_initialize=status.auto_initialize,
            begin=status.begin,
            end=status.end,
            recovering_seconds=status.recovering_seconds,
            zookeeper=zookeeper(status),
            connected=status.connected,
            group=status.group,
            members=tuple(members),
            cause=None if finding is None else finding.cause,
            advice="" if finding is None else finding.text,
            diagnosis=status.diagnosis,
        )
