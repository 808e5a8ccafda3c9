"""The log of a master that is alone, as its node has it."""

from __future__ import annotations

from actors.log.members import MEMBERS, FixedMembers
from actors.log.process import REPLICA, ReplicaProcess
from actors.log.recoverer import RECOVERY, LogRecovery
from actors.log.store import LogStore
from actors.simulation import SimulatedNode
from transport.pid import Pid


def spawn_store(node: SimulatedNode, owner: str = "leadership") -> Pid:
    """Start a replica that is a majority, and the store on it, which tells `owner` when it is outbid."""
    replica = node.spawn(lambda: ReplicaProcess(1), REPLICA, vital=True).whoever()
    members = node.spawn(lambda: FixedMembers((replica,)), MEMBERS, vital=True)
    node.spawn(lambda: LogRecovery(1, replica, members), RECOVERY, vital=True)
    return node.spawn(
        lambda: LogStore(0, 1, members, replica, Pid(owner, *node.address)), "store", vital=True
    )
