"""The ten mistakes by which masters do not form (mesos-protocol.md §11.4), made for real, as each is told.

A user of Mesos sees "Unable to finish the recover protocol in 10secs", whichever it was.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kazoo.client import KazooClient

from actors.cli.pion import main
from tests.chaos.network import Cut, Host, Network, Way
from tests.chaos.slot import Slot
from tests.integration.masters import MasterProcess, Masters, actors_of, wait_until
from tests.zookeeper.ensemble import Ensemble, free_addresses
from transport.pid import Address, Pid

_paths = itertools.count(1)


@pytest.fixture
def masters(tmp_path: Path) -> Iterator[Masters]:
    with Masters(tmp_path) as masters:
        yield masters


@pytest.fixture
def zk(zookeeper: Ensemble) -> str:
    """A URL of the test's own."""
    return zookeeper.url(f"/startup-{os.getpid()}-{next(_paths)}")


def nowhere() -> Address:
    """An address of this machine at which nobody listens."""
    (address,) = free_addresses(1)
    return address


def test_other_masters_that_are_not_started_or_use_another_path_in_zookeeper(
    masters: Masters, zk: str
) -> None:
    """One cannot tell which from here; neither can it be told from there."""
    for path, master in {
        path: masters.start(f"--zk={zk}{path}", "--quorum=2") for path in ("/a", "/b")
    }.items():
        master.finds(
            "MASTERS_MISSING",
            f"--quorum=2 needs 2 log replicas; only this master is registered in {zk}{path}/log_replicas",
            "Waiting for 1 more: start the other masters. If they run, their --zk is not the same as here",
            actors_of(master),
        )
        assert (answer := master.fetch("/health")) is not None
        assert answer.status == 200


def test_a_zookeeper_that_cannot_be_reached_is_named_and_nothing_hangs(masters: Masters) -> None:
    nobody = nowhere()
    master = masters.start(f"--zk=zk://{nobody}/mesos", "--quorum=2")
    master.finds("ZOOKEEPER_AWAY", f"Not connected to ZooKeeper (zk://{nobody}/mesos/log_replicas)", "--zk")
    for path in ("/state", "/redirect"):
        assert (answer := master.fetch(path)) is not None
        assert (answer.status, "retry-after" in answer.headers) == (503, True)


def test_a_first_start_with_too_few_masters_for_the_quorum(masters: Masters, zk: str) -> None:
    for master in [masters.start(f"--zk={zk}", "--quorum=2") for _ in range(2)]:
        master.finds(
            "QUORUM_TOO_LARGE",
            "The first start needs all 2*quorum-1 = 3 masters up; 2 seen",
            "set --quorum for the real number",
        )


def test_a_quorum_that_could_split(masters: Masters, zk: str) -> None:
    for master in [masters.start(f"--zk={zk}", "--quorum=1") for _ in range(3)]:
        # Who saw but one other for a while has logged that it is too small for 2.
        master.finds("QUORUM_TOO_SMALL", "--quorum=1 is too small for ", "--quorum=2")
        _wait_for(master, "--quorum=1 is too small for 3 masters")


def _wait_for(master: MasterProcess, words: str) -> None:
    """Wait until its diagnosis has these words."""
    wait_until(
        lambda: words in master.status().get("diagnosis", ""),
        lambda: f"{master} says {words!r}: {master.status()}",
    )


def test_masters_with_different_quorums(masters: Masters, zk: str) -> None:
    two = masters.start(f"--zk={zk}", "--quorum=2")
    three = masters.start(f"--zk={zk}", "--quorum=3")
    two.finds("QUORUM_DIFFERS", "--quorum=2 here", f"--quorum=3 at {actors_of(three)}")
    three.finds("QUORUM_DIFFERS", "--quorum=3 here", f"--quorum=2 at {actors_of(two)}")


def test_a_loopback_address_in_zookeeper(masters: Masters, zk: str) -> None:
    right = masters.start(f"--zk={zk}", "--quorum=2", "--advertise_ip=192.0.2.1")
    wrong = masters.start(f"--zk={zk}", "--quorum=2")
    right.finds("PEER_ADDRESS_LOOPBACK", f"advertises {actors_of(wrong)}, a loopback address")
    wrong.finds("OWN_ADDRESS_LOOPBACK", f"This master advertises {actors_of(wrong)}, a loopback address")


def test_addresses_that_lead_nowhere(masters: Masters, zk: str) -> None:
    """Those of containers, say: each master knows one by which no other reaches it."""
    addresses = ("192.0.2.1", "192.0.2.2")
    both = [masters.start(f"--zk={zk}", "--quorum=2", f"--advertise_ip={one}") for one in addresses]
    for master, other in zip(both, reversed(addresses), strict=True):
        cause = master.wait_for("MEMBER_ENDED", "MEMBER_CUT_OFF")  # as this machine has a way there, or none
        master.finds(cause, other, "check its --ip")


def test_a_node_in_zookeeper_of_a_master_that_ended(masters: Masters, zookeeper: Ensemble, zk: str) -> None:
    """First it is missed; beside the full number it is only in the way, until its session expires."""
    dead = nowhere()
    two = [masters.start(f"--zk={zk}", "--quorum=2") for _ in range(2)]
    wait_until(lambda: all(len(one.status().get("members", ())) == 2 for one in two), lambda: f"{two} meet")
    session = KazooClient(hosts=str(zookeeper.servers[0].address), timeout=60.0)
    session.start()
    try:
        group = f"{zk.removeprefix('zk://').partition('/')[2]}/log_replicas"
        session.create(
            f"/{group}/", str(Pid("log-replica(1)", *dead)).encode(), ephemeral=True, sequence=True
        )
        for master in two:
            master.finds("MEMBER_ENDED", f"Nothing listens at {dead}: that master ended", "Start it again")
        three = [*two, masters.start(f"--zk={zk}", "--quorum=2")]
        for master in three:
            master.finds("STALE_MEMBER", "4 log replicas are registered", f"{dead} does not answer")
    finally:
        session.stop()
        session.close()
    for master in three:
        master.wait_for("")


def test_data_on_fewer_replicas_than_the_quorum(
    masters: Masters, zk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One master kept its disk, two lost theirs."""
    (tmp_path / "kept/replicated_log").mkdir(parents=True)
    assert main(("log", "initialize", f"--path={tmp_path}/kept/replicated_log")) == 0, capsys.readouterr()
    kept = masters.start(f"--zk={zk}", "--quorum=2", name="kept")
    for master in [masters.start(f"--zk={zk}", "--quorum=2") for _ in range(2)]:
        master.finds(
            "DATA_ON_TOO_FEW",
            f"The registry's data is on 1 replica only ({actors_of(kept)})",
            "Bring back another master with its old work directory",
        )
    kept.finds("VOTES_MISSING", "Nothing can be written: 1 of the log's replicas vote")


def test_a_log_that_may_not_initialize_itself(masters: Masters, zk: str) -> None:
    master = masters.start(f"--zk={zk}", "--quorum=1", "--no-log_auto_initialize")
    master.finds("NOT_INITIALIZED", "Run `pion log initialize`")


def test_masters_with_different_secrets_or_none(
    masters: Masters, zk: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = [tmp_path / name for name in ("one.secret", "two.secret")]
    for secret in secrets:
        assert main(("secret", f"--output={secret}")) == 0, capsys.readouterr()
    flags = [*([f"--secret_file={secret}"] for secret in secrets), []]
    three = [masters.start(f"--zk={zk}", "--quorum=2", *one) for one in flags]
    for master in three:
        others = [actors_of(other) for other in three if other is not master]
        master.finds("SECRET_DIFFERS", "The handshake with", "fails", "--secret_file", *others)


@pytest.fixture
def network() -> Iterator[Network]:
    slot = Slot()
    try:
        yield Network(slot)
    finally:
        slot.close()


def test_networks_that_keep_masters_apart(masters: Masters, network: Network, tmp_path: Path) -> None:
    """A firewall that drops, traffic one way only, and hosts that each take themselves for 127.0.0.1."""
    hosts = {name: network.host(name) for name in ("m1", "m2", "m3", "m4", "m5", "m6")}

    def start(name: str, path: str, advertise_ip: str = "") -> MasterProcess:
        host: Host = hosts[name]
        return masters.start(
            f"--zk={zookeeper.url(path)}",
            "--quorum=2",
            "--ip=0.0.0.0",
            f"--advertise_ip={advertise_ip or host.address}",
            web=Address(host.address, 5050),
            prefix=host.prefix,
        )

    Cut(hosts["m1"], [hosts["m2"]], Way.DROP).apply()
    Cut(hosts["m3"], [hosts["m4"]], Way.MUTE).apply()
    with Ensemble(tmp_path, addresses=[Address(network.own_address, 2181)]) as zookeeper:
        apart = [(start("m1", "/drop"), start("m2", "/drop")), (start("m3", "/mute"), start("m4", "/mute"))]
        selves = [start(name, "/self", advertise_ip="127.0.0.1") for name in ("m5", "m6")]
        for pair in apart:
            for master, other in (pair, reversed(pair)):
                master.finds("MEMBER_CUT_OFF", f"No answer from {actors_of(other)}", "firewall", "one way")
        for master in selves:
            master.finds("OWN_ADDRESS_LOOPBACK", "This master advertises 127.0.0.1:6050, a loopback address")
