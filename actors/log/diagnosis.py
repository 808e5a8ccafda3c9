"""Why the log does not form, in plain words, and what to do: the likeliest cause (mesos-protocol.md §11.4).

One replica sees what it is told by ZooKeeper, by its peers and by its connections. Several causes may fit
that; the first one of `causes.RULES` that fits counts.
"""

from __future__ import annotations

import msgspec

from actors.log.causes import RULES, Cause, masters
from actors.log.symptoms import Symptoms
from transport.messages.replication import LogStatus, MemberStatus


class Finding(msgspec.Struct, frozen=True):
    """A cause, and what a person should know and do about it."""

    cause: Cause
    text: str


def diagnose(status: LogStatus) -> str:
    """The likeliest cause, what to do, and the facts behind it, in one line; empty when all is well."""
    finding = find(status)
    return "" if finding is None else f"{finding.text} {facts(status)}"


def find(status: LogStatus) -> Finding | None:
    """The likeliest cause; None when all is well."""
    symptoms = Symptoms(status)
    for cause, rule in RULES:
        if text := rule(symptoms):
            return Finding(cause, text)
    return None


def facts(status: LogStatus) -> str:
    """What this master has to go by: its own address, what it expects, and whom it sees."""
    symptoms = Symptoms(status)
    replicas = "; ".join(
        f"{member.pid.address} {'(this master) ' if symptoms.is_own(member) else ''}{fare(status, member)}"
        for member in status.members
    )
    return (
        f"This master's replica advertises {status.replica.address}; --quorum={status.quorum} is "
        f"for {masters(symptoms.expected)}; {zookeeper(status)}; replicas: {replicas or 'none'}."
    )


def fare(status: LogStatus, member: MemberStatus) -> str:
    """How a member fares: its status, or for how long it has not answered, and why."""
    symptoms = Symptoms(status)
    if symptoms.is_own(member):
        return status.status.value + ("" if member.registered else ", not registered yet")
    answer = "no answer yet" if member.status is None else member.status.value
    if symptoms.silent(member):
        seconds = status.recovering_seconds if member.silent_seconds is None else member.silent_seconds
        answer = f"no answer for {seconds:.0f} s" if seconds else "no answer"
    return f"{answer} ({member.unreachable})" if member.unreachable else answer


def zookeeper(status: LogStatus) -> str:
    """How it stands with ZooKeeper."""
    if status.connected is None:
        return "without ZooKeeper"
    return f"{'connected' if status.connected else 'not connected'} to {status.group}"
