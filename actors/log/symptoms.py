"""What one replica's view of the log shows, before anybody says what it means."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import Final

from transport.messages.replication import LogStatus, MemberStatus, Status

#: Who has not answered for so long is silent: it was asked twice or more since.
SILENT_SECONDS: Final = 5.0


class Symptom(Enum):
    """How it shows that a member does not answer."""

    #: Whoever is there does not speak our protocol, or not with our key.
    STRANGER = auto()
    #: Its address leads back to this node.
    OURSELVES = auto()
    #: Nothing listens there.
    REFUSED = auto()
    #: What is sent there is not answered in any way.
    CUT_OFF = auto()
    #: There is a connection, and no answer.
    MUTE = auto()


#: By words in the reason that the transport gives for a broken connection, the first that occurs.
_WORDS: Final[tuple[tuple[str, Symptom], ...]] = (
    ("this node itself", Symptom.OURSELVES),
    ("protocol", Symptom.STRANGER),
    ("key", Symptom.STRANGER),
    ("refused", Symptom.REFUSED),
    ("cannot connect", Symptom.REFUSED),
)


class Symptoms:
    """One status of the log, looked at from several sides."""

    def __init__(self, status: LogStatus) -> None:
        self.status = status
        #: How many masters a quorum of that size is for.
        self.expected = 2 * status.quorum - 1
        #: All members but this node's own.
        self.peers = tuple(member for member in status.members if not self.is_own(member))
        self.silent_members = tuple(member for member in self.peers if self.silent(member))

    def is_own(self, member: MemberStatus) -> bool:
        """Whether it is this node's own replica."""
        return member.pid.whoever() == self.status.replica.whoever()

    def silent(self, member: MemberStatus) -> bool:
        """Whether it should have answered by now."""
        if self.is_own(member):
            return False
        if member.silent_seconds is not None:
            return member.silent_seconds >= SILENT_SECONDS
        return bool(member.unreachable) or self.status.recovering_seconds >= SILENT_SECONDS

    def showing(self, symptom: Symptom) -> tuple[MemberStatus, ...]:
        """The silent members that show it."""
        return tuple(member for member in self.silent_members if _symptom(member) is symptom)

    def answering(self, status: Status) -> tuple[MemberStatus, ...]:
        """The others that answer, and are in that status."""
        return tuple(member for member in self.peers if member.status is status and not self.silent(member))

    @property
    def unheard(self) -> bool:
        """Whether some have only just been asked."""
        return any(member.status is None and not self.silent(member) for member in self.peers)

    @property
    def voting(self) -> int:
        """How many replicas vote, as far as is heard, this one included."""
        return len(self.answering(Status.VOTING)) + (self.status.status is Status.VOTING)

    @property
    def stuck(self) -> bool:
        """Whether those that answer are too few, so that the silence of the others matters."""
        return self.voting < self.status.quorum

    @property
    def own_loopback(self) -> bool:
        """Whether this node's address leads every host to itself."""
        return is_loopback(self.status.replica.host)

    @property
    def loopback_peers(self) -> tuple[MemberStatus, ...]:
        """The others whose address does."""
        return tuple(member for member in self.peers if is_loopback(member.pid.host))

    @property
    def others_elsewhere(self) -> bool:
        """Whether other masters, or ZooKeeper's servers, are on other hosts."""
        hosts = [member.pid.host for member in self.peers]
        if not hosts and self.status.quorum > 1:
            hosts = _servers(self.status.group)
        return any(not is_loopback(host) for host in hosts)

    @property
    def repeated_address(self) -> str:
        """An address under which several members stand; empty when there is none."""
        addresses = [member.pid.address for member in self.status.members]
        return next((str(one) for one in addresses if addresses.count(one) > 1), "")


def addresses(members: Iterable[MemberStatus]) -> str:
    """Where they listen, for a sentence; empty when there are none."""
    return _list([str(member.pid.address) for member in members])


def is_loopback(host: str) -> bool:
    """Whether it leads every host to itself; unknown names do not."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _symptom(member: MemberStatus) -> Symptom:
    if not member.unreachable:
        return Symptom.MUTE
    return next((found for words, found in _WORDS if words in member.unreachable), Symptom.CUT_OFF)


def _servers(group: str) -> list[str]:
    """The hosts of `zk://host:port,…/path`."""
    servers = group.removeprefix("zk://").partition("/")[0]
    return [server.rpartition(":")[0].strip("[]") for server in servers.split(",") if server]


def _list(words: Sequence[str]) -> str:
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)
