"""Three masters as clients see them: each leads to the leader, whoever dies (reliability.md R1, R3)."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.integration.masters import MasterProcess, Masters, wait_until
from tests.zookeeper.ensemble import Ensemble

_paths = itertools.count(1)


@pytest.fixture
def masters(tmp_path: Path) -> Iterator[Masters]:
    with Masters(tmp_path) as masters:
        yield masters


def leads_to(master: MasterProcess, target: str = "/redirect") -> str:
    """Where it leads clients; empty while it does not."""
    answer = master.fetch(target)
    return "" if answer is None or answer.status != 307 else answer.headers["location"]


def agreed(masters: Sequence[MasterProcess]) -> MasterProcess | None:
    """The one of them to whom all lead."""
    named = {leads_to(master) for master in masters}
    return next((master for master in masters if {f"//{master.web}"} == named), None)


def test_clients_find_the_leader_at_every_master_whoever_dies(masters: Masters, zookeeper: Ensemble) -> None:
    url = zookeeper.url(f"/http-{os.getpid()}-{next(_paths)}")
    flags = (f"--zk={url}", "--zk_session_timeout=3secs", "--quorum=2", "--no-hostname_lookup")
    three = [masters.start(*flags) for _ in range(3)]
    wait_until(lambda: agreed(three), lambda: f"all lead to one: {[leads_to(one) for one in three]}")
    first = agreed(three)
    assert first is not None
    others = [one for one in three if one is not first]
    for other in others:
        assert leads_to(other, "/master/state?x=1") == f"//{first.web}/master/state?x=1"
        other.wait_for("")
    assert (answer := first.fetch("/state")) is not None
    assert answer.status == 200
    first.kill()
    wait_until(lambda: agreed(others), lambda: f"a second leads: {[leads_to(one) for one in others]}")
    zookeeper.servers[0].kill()
    wait_until(
        lambda: not any(leads_to(one) for one in others),
        lambda: f"nobody leads: {[leads_to(one) for one in others]}",
    )
    for one in others:
        for path in ("/state", "/redirect"):
            assert (answer := one.fetch(path)) is not None
            assert (answer.status, "retry-after" in answer.headers) == (503, True)
        assert (answer := one.fetch("/health")) is not None
        assert answer.status == 200
        one.finds("ZOOKEEPER_AWAY", "Not connected to ZooKeeper")
    zookeeper.mend()
    wait_until(lambda: agreed(others), lambda: f"one leads again: {[leads_to(one) for one in others]}")
