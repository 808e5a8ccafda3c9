from __future__ import annotations

import pytest

from actors.log.members import FixedMembers
from actors.simulation import Simulation
from tests.actors.log.ensemble import replica_of
from transport.messages.replication import MembersChanged, WatchMembers


def test_whoever_asks_is_told_the_same_members() -> None:
    sim = Simulation(1)
    node = sim.node("here", lambda node: node.spawn(lambda: FixedMembers([replica_of("here")]), "members"))
    for name in ("one", "another"):
        probe = node.probe(name)
        probe.send(node.pid_of("members"), WatchMembers())
        sim.run_until(lambda probe=probe: probe.received)  # type: ignore[misc]
        assert probe.received == [MembersChanged((replica_of("here"),))]


def test_a_log_without_members_is_refused() -> None:
    with pytest.raises(ValueError, match="members: must not be empty"):
        FixedMembers([])
