"""`pion resolve`, also `mesos-resolve`: where the leading master is. With ZooKeeper: tests/integration."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.cli.parser import CommandError
from actors.cli.pion import main, mesos_resolve
from actors.cli.resolve import Leader, _leader, resolve
from actors.election.standalone import StandaloneDetector
from actors.pykka_system import PykkaSystem
from transport.messages.detection import LeaderDetected
from transport.pid import Address, Pid
from transport.records.address import Address as RecordedAddress
from transport.records.master import MasterInfo

SECONDS = 60.0


@pytest.fixture
def master() -> Iterator[Pid]:
    """The actor of a master that stands alone, as far as its node says."""
    system = PykkaSystem(bind=Address("127.0.0.1", 0), network_log=lambda *_event, **_values: None)
    system.start()
    pid = system.pid_of("master")
    system.spawn(lambda: StandaloneDetector(pid), "detector")
    yield pid
    system.stop()


@pytest.fixture
def nobody() -> Address:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return Address(*listener.getsockname())


def info(pid: str | None = None, address: RecordedAddress | None = None) -> MasterInfo:
    return MasterInfo(id="m1", ip=16777226, port=5050, pid=pid, hostname="anna", version="1", address=address)


def test_a_master_that_stands_alone_serves_http_below_its_port_for_actors(master: Pid) -> None:
    leader = resolve(master, SECONDS)
    assert leader == Leader(Address("127.0.0.1", master.port - 1000), master, 0, None, None, None)


def test_any_masters_address_leads_to_the_leader(
    master: Pid, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"127.0.0.1:{master.port - 1000}"
    assert main(("resolve", address, "--timeout=1mins")) == 0
    assert capsys.readouterr() == (f"{address}\n", "")
    monkeypatch.setattr("sys.argv", ["mesos-resolve", "--json", address, "--timeout=1mins"])
    assert mesos_resolve() == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["address"], printed["pid"]) == (address, str(master))


def test_a_file_may_name_it(master: Pid, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "master").write_text(f"127.0.0.1:{master.port - 1000}\n")
    assert main(("resolve", f"file://{tmp_path}/master", "--timeout=1mins")) == 0
    assert capsys.readouterr().out == f"127.0.0.1:{master.port - 1000}\n"


def test_what_is_done_can_be_watched(master: Pid, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("resolve", f"127.0.0.1:{master.port - 1000}", "--verbose", "--timeout=1mins")) == 0
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    assert "leader detected" in printed.err


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (info("master@10.0.0.1:5051"), "10.0.0.1:5051"),
        (info(address=RecordedAddress(ip="10.0.0.2", hostname="anna", port=5052)), "10.0.0.2:5052"),
        (info(address=RecordedAddress(hostname="anna", port=5053)), "anna:5053"),
        (info(), "10.0.0.9:5050"),
        (None, "10.0.0.9:5050"),
    ],
)
def test_an_elected_master_serves_http_where_it_says(said: MasterInfo | None, address: str) -> None:
    leader = _leader(LeaderDetected(Pid("master", "10.0.0.9", 6050), 7, said))
    assert (str(leader.address), leader.epoch) == (address, 7)


def test_nobody_there_is_said_with_the_address_that_was_asked(nobody: Address) -> None:
    with pytest.raises(CommandError, match=rf"^no leader within 100ms: nobody at {nobody}, where a master's"):
        resolve(Pid("master", *nobody), 0.1)


def test_no_zookeeper_there_is_said_with_its_reason(
    nobody: Address, capsys: pytest.CaptureFixture[str]
) -> None:
    for milliseconds in (500, 2_000, 60_000):  # on a busy machine it takes a while to be refused
        assert main(("resolve", f"zk://user:secret@{nobody}/mesos", f"--timeout={milliseconds}ms")) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        if "refused" in printed.err:
            break
    assert re.fullmatch(
        f"pion resolve: no leader within .*: no connection with ZooKeeper: {nobody}: Connection refused\n",
        printed.err,
    )


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("zk://anna", "must end with a path"),
        ("file:///no/such/file", "No such file"),
        ("anna:http", "must be host:port"),
    ],
)
def test_what_names_nothing_is_a_mistake_of_the_user(
    capsys: pytest.CaptureFixture[str], word: str, rule: str
) -> None:
    assert main(("resolve", word)) == 2
    error = capsys.readouterr().err
    assert error.startswith("pion resolve: MASTER: ")
    assert rule in error


def test_a_secret_that_is_none_is_a_mistake_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(("resolve", "anna:5050", f"--secret_file={tmp_path}/none")) == 2
    assert "--secret_file" in capsys.readouterr().err
