"""What may keep the log from forming, or endanger it: each cause says when it fits, and then what to do.

They are the ten of mesos-protocol.md §11.4, and what is worse than those: a quorum that could split.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from actors.log.symptoms import Symptom, Symptoms, addresses
from transport.messages.replication import Status


class Cause(StrEnum):
    """What keeps the log from forming, or endangers it."""

    ZOOKEEPER_AWAY = "ZOOKEEPER_AWAY"
    QUORUM_WITHOUT_GROUP = "QUORUM_WITHOUT_GROUP"
    OWN_ADDRESS_LOOPBACK = "OWN_ADDRESS_LOOPBACK"
    PEER_ADDRESS_LOOPBACK = "PEER_ADDRESS_LOOPBACK"
    ADDRESS_TWICE = "ADDRESS_TWICE"
    STALE_MEMBER = "STALE_MEMBER"
    QUORUM_TOO_SMALL = "QUORUM_TOO_SMALL"
    QUORUM_DIFFERS = "QUORUM_DIFFERS"
    MASTERS_MISSING = "MASTERS_MISSING"
    SECRET_DIFFERS = "SECRET_DIFFERS"  # noqa: S105  names a cause
    MEMBER_ENDED = "MEMBER_ENDED"
    MEMBER_CUT_OFF = "MEMBER_CUT_OFF"
    ONE_WAY = "ONE_WAY"
    DATA_ON_TOO_FEW = "DATA_ON_TOO_FEW"
    QUORUM_TOO_LARGE = "QUORUM_TOO_LARGE"
    NOT_INITIALIZED = "NOT_INITIALIZED"
    CATCHING_UP = "CATCHING_UP"
    FORMING = "FORMING"
    VOTES_MISSING = "VOTES_MISSING"
    NO_SPARE = "NO_SPARE"


def masters(count: int) -> str:
    """So many masters, for a sentence."""
    return f"{count} master{'' if count == 1 else 's'}"


# Each rule says what a person should know, or nothing where it does not fit.


def _zookeeper_away(symptoms: Symptoms) -> str:
    status = symptoms.status
    if status.connected is not False:
        return ""
    return (
        f"Not connected to ZooKeeper ({status.group}): no master can be elected, nor found. Check that a "
        "majority of its servers runs, that this host reaches them, and that --zk names them, with the right "
        "credentials if they ask for any."
    )


def _quorum_without_group(symptoms: Symptoms) -> str:
    status = symptoms.status
    if status.group or status.quorum == 1:
        return ""
    return (
        f"--quorum={status.quorum} needs other masters, which are found by ZooKeeper only. Give --zk, or "
        "--quorum=1 for a master that is alone."
    )


def _own_address_loopback(symptoms: Symptoms) -> str:
    if not symptoms.own_loopback or not symptoms.others_elsewhere:
        return ""
    return (
        f"This master advertises {symptoms.status.replica.address}, a loopback address, which leads other "
        "hosts to themselves. Give --ip (or --advertise_ip) an address by which they reach this host."
    )


def _peer_address_loopback(symptoms: Symptoms) -> str:
    named = addresses(symptoms.loopback_peers)
    if not named or symptoms.own_loopback:
        return ""
    return (
        f"A master advertises {named}, a loopback address, which leads this host to itself. Give that "
        "master --ip (or --advertise_ip) with an address by which others reach it."
    )


def _address_twice(symptoms: Symptoms) -> str:
    named = addresses(symptoms.showing(Symptom.OURSELVES)) or symptoms.repeated_address
    if not named:
        return ""
    return (
        f"Two masters advertise the same address, {named}: the one cannot reach the other. Give each "
        "--ip (or --advertise_ip) with an address of its own, or another --port where they share a host."
    )


def _stale_member(symptoms: Symptoms) -> str:
    status, silent = symptoms.status, symptoms.silent_members
    count = len(status.members)
    if not silent or not count - len(silent) <= symptoms.expected < count:
        return ""
    return (
        f"{count} log replicas are registered where --quorum={status.quorum} is for "
        f"{masters(symptoms.expected)}, and {addresses(silent)} does not answer: most likely a master that "
        "ended, whose node in ZooKeeper goes when its session expires. Nothing needs to be done, unless it "
        "stays: then see who is there."
    )


def _quorum_too_small(symptoms: Symptoms) -> str:
    count = len(symptoms.status.members)
    if count <= symptoms.expected:
        return ""
    return (
        f"--quorum={symptoms.status.quorum} is too small for {masters(count)}: two parts of them could "
        "write two registries. No new writer is elected as long as that lasts. Start every master with "
        f"--quorum={count // 2 + 1}, or stop those that are too many."
    )


def _quorum_differs(symptoms: Symptoms) -> str:
    own = symptoms.status.quorum
    others = [member for member in symptoms.peers if member.quorum not in (0, own)]
    if not others:
        return ""
    named = ", ".join(f"--quorum={member.quorum} at {member.pid.address}" for member in others)
    return (
        f"The masters do not agree on the quorum: --quorum={own} here, {named}. Start all of them with the "
        "same, which is more than half of their number."
    )


def _masters_missing(symptoms: Symptoms) -> str:
    status = symptoms.status
    count = len(status.members)
    if count >= status.quorum:
        return ""
    seen = f"only {count} are" if count > 1 else "only this master is"
    return (
        f"--quorum={status.quorum} needs {status.quorum} log replicas; {seen} registered in {status.group}. "
        f"Waiting for {status.quorum - count} more: start the other masters. If they run, their --zk is not "
        "the same as here, in servers or path; if there are none, --quorum is too large."
    )


def _secret_differs(symptoms: Symptoms) -> str:
    named = addresses(symptoms.showing(Symptom.STRANGER))
    if not named or not symptoms.stuck:
        return ""
    return (
        f"The handshake with {named} fails. Check that --secret_file holds the same secret on every master "
        "(or is given to none), and that nothing but a master listens at that port."
    )


def _member_ended(symptoms: Symptoms) -> str:
    named = addresses(symptoms.showing(Symptom.REFUSED))
    if not named or not symptoms.stuck:
        return ""
    return (
        f"Nothing listens at {named}: that master ended, and its node in ZooKeeper goes when its session "
        "expires; or it advertises an address that is not its own, or a firewall turns connections away. "
        "Start it again, or check its --ip, --advertise_ip and --actor_port."
    )


def _member_cut_off(symptoms: Symptoms) -> str:
    named = addresses(symptoms.showing(Symptom.CUT_OFF))
    if not named or not symptoms.stuck:
        return ""
    return (
        f"No answer from {named}, and no refusal: a firewall between the masters drops what is sent there, "
        "or lets it pass one way only; that address does not lead there; or the master hangs. Open the "
        "masters' actor ports (--port + 1000, or --actor_port) to each other, and check its --ip and "
        "--advertise_ip."
    )


def _one_way(symptoms: Symptoms) -> str:
    named = addresses(symptoms.showing(Symptom.MUTE))
    if not named or not symptoms.stuck:
        return ""
    return (
        f"{named} is reached, but its answer does not come back to {symptoms.status.replica.address}: "
        "traffic passes one way only, this master's address has changed, or the other one hangs. Check that "
        "this address is right (--ip, --advertise_ip) and can be reached from there."
    )


def _data_on_too_few(symptoms: Symptoms) -> str:
    status = symptoms.status
    holders, lost = symptoms.answering(Status.VOTING), symptoms.answering(Status.RECOVERING)
    if status.status is Status.VOTING or len(holders) >= status.quorum or not (holders or lost):
        return ""
    if status.status is Status.STARTING and not lost and not symptoms.answering(Status.EMPTY):
        return ""  # replicas that begin together do not come to vote at the same moment
    if not holders:
        return (
            f"The registry's data is on 0 replicas any more, and --quorum={status.quorum} needs it on "
            f"{status.quorum}. Bring back masters with their old work directories. If these are lost for "
            "good, stop all masters and clear the folder replicated_log in the work directory of each: they "
            "begin again with an empty registry."
        )
    missing = status.quorum - len(holders)
    return (
        f"The registry's data is on {len(holders)} replica{'' if len(holders) == 1 else 's'} only "
        f"({addresses(holders)}), and --quorum={status.quorum} needs it on {status.quorum}. Bring back "
        "another master with its old work directory. If there is none, go on with the data that is left: "
        f"stop {masters(missing)} of those that are EMPTY, no more, run `pion log initialize` for the work "
        "directory of each, and start them again; what was on lost disks only is given up by that. (One that "
        "is RECOVERING is EMPTY once it was started without the folder replicated_log.)"
    )


def _quorum_too_large(symptoms: Symptoms) -> str:
    status = symptoms.status
    count = len(status.members)
    if status.status not in (Status.EMPTY, Status.STARTING) or not status.auto_initialize:
        return ""
    if count >= symptoms.expected or symptoms.voting:
        return ""
    return (
        f"The first start needs all 2*quorum-1 = {masters(symptoms.expected)} up; {count} seen. Start "
        f"{symptoms.expected - count} more, or set --quorum for the real number of masters: more than half "
        "of them."
    )


def _not_initialized(symptoms: Symptoms) -> str:
    status = symptoms.status
    if status.auto_initialize or status.status is not Status.EMPTY or symptoms.voting:
        return ""
    return (
        "The log was never initialized, and --no-log_auto_initialize forbids to do so unasked. Run `pion log "
        "initialize` for the work directory of every master, then start them again."
    )


def _catching_up(symptoms: Symptoms) -> str:
    status = symptoms.status
    holders = symptoms.answering(Status.VOTING)
    if status.status is Status.VOTING or len(holders) < status.quorum:
        return ""
    empty = status.status is Status.EMPTY
    why = "has no data yet" if empty else "cannot vouch for what its disk holds"
    return (
        f"This master's replica {why}, and copies it from {addresses(holders)}: it is at position "
        f"{status.end} of {max(member.end for member in holders)}. It votes as soon as it is done; nothing "
        "needs to be done by hand."
    )


def _forming(symptoms: Symptoms) -> str:
    status = symptoms.status
    if status.status is Status.VOTING:
        return ""
    return (
        f"This master's replica has asked the others how they fare for {status.recovering_seconds:.0f} s. It "
        "goes on by itself once enough have answered."
    )


def _votes_missing(symptoms: Symptoms) -> str:
    if not symptoms.stuck or symptoms.unheard:
        return ""
    return (
        f"Nothing can be written: {symptoms.voting} of the log's replicas vote, and "
        f"--quorum={symptoms.status.quorum} have to. Start the other masters; if they run, see what each of "
        "them says about itself."
    )


def _no_spare(symptoms: Symptoms) -> str:
    quorum = symptoms.status.quorum
    if not symptoms.voting == quorum < symptoms.expected or symptoms.unheard:
        return ""
    return (
        f"The log works, but of the {masters(symptoms.expected)} that --quorum={quorum} is for only "
        f"{symptoms.voting} hold it up: with one more lost nothing can be written. Start the others again."
    )


#: In order of likelihood, given that those before do not fit.
RULES: Final[tuple[tuple[Cause, Callable[[Symptoms], str]], ...]] = (
    (Cause.ZOOKEEPER_AWAY, _zookeeper_away),
    (Cause.QUORUM_WITHOUT_GROUP, _quorum_without_group),
    (Cause.OWN_ADDRESS_LOOPBACK, _own_address_loopback),
    (Cause.PEER_ADDRESS_LOOPBACK, _peer_address_loopback),
    (Cause.ADDRESS_TWICE, _address_twice),
    (Cause.STALE_MEMBER, _stale_member),
    (Cause.QUORUM_TOO_SMALL, _quorum_too_small),
    (Cause.QUORUM_DIFFERS, _quorum_differs),
    (Cause.MASTERS_MISSING, _masters_missing),
    (Cause.SECRET_DIFFERS, _secret_differs),
    (Cause.MEMBER_ENDED, _member_ended),
    (Cause.MEMBER_CUT_OFF, _member_cut_off),
    (Cause.ONE_WAY, _one_way),
    (Cause.DATA_ON_TOO_FEW, _data_on_too_few),
    (Cause.QUORUM_TOO_LARGE, _quorum_too_large),
    (Cause.NOT_INITIALIZED, _not_initialized),
    (Cause.CATCHING_UP, _catching_up),
    (Cause.FORMING, _forming),
    (Cause.VOTES_MISSING, _votes_missing),
    (Cause.NO_SPARE, _no_spare),
)
