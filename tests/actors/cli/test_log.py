"""`pion log` and `mesos-log`: what a stopped master's log holds, and how a running one's fares."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from actors.cli.pion import main
from actors.log import entry
from actors.log.journal import Journal
from actors.log.records import Chosen, Identity, LogRecord, Promised, StatusChanged, Written
from actors.log.recoverer import RECOVERY
from actors.master.registrar import archive
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from actors.state.variable import Variable
from actors.storage import FileDisk
from transport.messages.registry import KnownFramework
from transport.messages.replication import (
    Accepted,
    Action,
    Ballot,
    Kind,
    LogStatus,
    MemberStatus,
    ReadLogStatus,
    Status,
)
from transport.pid import Address, Pid
from transport.records.registry import Registry

BALLOT = Ballot(3, 1)
REGISTRY = archive.write(archive.Stored(Registry(), 3, (KnownFramework("f-1", 60.0),)))


def written(action: Action) -> LogRecord:
    return Written(Accepted(BALLOT, action))


def snapshot(position: int, name: str = "registry", value: bytes = REGISTRY) -> LogRecord:
    variable = Variable(uuid.UUID(int=position).bytes, value)
    return written(Action(position, Kind.APPEND, entry.encode(name, variable)))


def log_below(work_dir: Path) -> Path:
    disk = FileDisk(work_dir)
    journal = Journal(disk, "replicated_log")
    journal.open()
    for record in (
        Identity("ab12"),
        StatusChanged(Status.VOTING),
        Promised(BALLOT),
        snapshot(1),
        Chosen(1),
        snapshot(2, "weights", bytes(20_000)),
        written(Action(3, Kind.NOP)),
        written(Action(4, Kind.TRUNCATE, to=2)),
        written(Action(5, Kind.APPEND, b"?")),
    ):
        journal.append(record)
    journal.sync()
    disk.close()
    return work_dir / "replicated_log"


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def output_of(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(("log", *words)) == status
    out, err = capsys.readouterr()
    return out if status == 0 or out else err


def test_reading_shows_each_position_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = log_below(tmp_path)
    before = content_of(folder)
    lines = output_of(capsys, "read", f"--path={folder}").splitlines()
    assert lines[0] == "replica ab12, VOTING, promised to 3.1; holds positions 1 to 5, chosen up to 1"
    assert lines[2].split(None, 3) == [
        "1",
        "3.1",
        "yes",
        f"SNAPSHOT of registry, version {uuid.UUID(int=1)}, {len(REGISTRY)} bytes",
    ]
    assert "SNAPSHOT of weights" in lines[3]
    assert "20,000 bytes, " in lines[3]
    assert [line.split(None, 3)[3] for line in lines[4:6]] == ["NOP", "TRUNCATE: all before 2 is given up"]
    assert "1 bytes, not written by this program" in lines[6]
    assert content_of(folder) == before


def test_positions_are_picked_and_values_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = log_below(tmp_path)
    words = ("read", f"--path={folder}", "--from=1", "--to=2", "--timeout=5secs")
    assert '"framework_id": "f-1"' in output_of(capsys, *words, "--verbose")
    told = msgspec.json.decode(output_of(capsys, *words, "--json"))
    assert [one["position"] for one in told["positions"]] == [1, 2]
    assert (told["status"], told["end"], "value" in told["positions"][0]) == ("VOTING", 5, False)
    told = msgspec.json.decode(output_of(capsys, *words, "--json", "--verbose"))
    assert told["positions"][0]["value"]["epoch"] == 3


def test_the_records_of_the_files_are_shown_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = log_below(tmp_path)
    assert "Promised(ballot=Ballot(epoch=3" in output_of(capsys, "read", f"--path={folder}", "--records")
    told = msgspec.json.decode(output_of(capsys, "read", f"--path={folder}", "--records", "--json"))
    assert told[0] == {"record": "Identity", "fields": {"replica": "ab12"}}


def test_what_cannot_be_read_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = log_below(tmp_path)
    for words, reason in (
        (("read", f"--path={tmp_path}"), f"is a work directory; its log is {folder}"),
        (("read", f"--path={folder}", "--from=3", "--to=2"), "--to 2: must not be less than --from 3"),
        (("read", f"--path={folder}", "--from=0"), "position '0': must be a whole number from 1 on"),
        (("read", "--path=/"), "must be a folder in a master's work directory"),
    ):
        assert reason in output_of(capsys, *words, status=2)
    (tmp_path / "other").mkdir()
    assert "no replicated log" in output_of(capsys, "read", f"--path={tmp_path}/other", status=1)
    assert "no such folder" in output_of(capsys, "read", f"--path={tmp_path}/none", status=1)
    disk = FileDisk(tmp_path)
    disk.lock()
    assert "is in use" in output_of(capsys, "read", f"--path={folder}", status=1)
    disk.close()


def test_damage_is_named_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = log_below(tmp_path)
    segment = folder / "segment-0000000001"
    segment.write_bytes(segment.read_bytes()[:-1])
    before = content_of(folder)
    for action in ("read", "initialize"):
        text = output_of(capsys, action, f"--path={folder}", status=1)
        assert "the log is damaged: replicated_log/segment-0000000001, byte 0: the file ends after" in text
    assert content_of(folder) == before


def test_an_empty_replica_is_made_to_vote_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "replicated_log"
    assert "is VOTING now" in output_of(capsys, "initialize", f"--path={folder}")
    assert "without a name yet, VOTING" in output_of(capsys, "read", f"--path={folder}")
    assert "the replica is VOTING and" in output_of(capsys, "initialize", f"--path={folder}", status=1)


class StatusTeller(Process):
    def __init__(self, status: Status) -> None:
        self._status = status

    @handles(ReadLogStatus)
    def tell(self, sender: Pid, message: ReadLogStatus) -> None:
        own = Pid("log-replica(1)", *self.pid.address)
        votes = self._status is Status.VOTING
        members = (
            MemberStatus(own, self._status, 0.0, 1, 4, 2, registered=False),
            MemberStatus(Pid("log-replica(1)", "10.0.0.2", 6050), Status.EMPTY, 7.0, quorum=2),
            MemberStatus(Pid("log-replica(1)", "10.0.0.3", 6050), unreachable="connection refused"),
        )
        told = LogStatus(own, self._status, 2, True, members, 1, 4)
        if not votes:
            told = LogStatus(
                own, self._status, 2, True, members, 1, 4, 75.0, "zk://z/m", False, "all is lost"
            )
        self.send(sender, told)


@contextmanager
def node_that_tells(status: Status) -> Iterator[Address]:
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    try:
        system.spawn(lambda: StatusTeller(status), RECOVERY)
        yield system.address
    finally:
        system.stop(5)


def test_the_status_of_a_log_that_forms_not_yet(capsys: pytest.CaptureFixture[str]) -> None:
    with node_that_tells(Status.RECOVERING) as address:
        lines = output_of(capsys, "status", f"--node={address}", status=1).splitlines()
        told = msgspec.json.decode(output_of(capsys, "status", f"--node={address}", "--json", status=1))
    assert lines[0].endswith("is RECOVERING, for 1 min 15 s not yet VOTING; quorum 2")
    assert lines[1] == "group zk://z/m, not connected"
    assert lines[3].split(None, 5)[1:] == [
        "RECOVERING", "1-4", "2", "now", "this one, not registered in the group",
    ]  # fmt: skip
    assert lines[4].split() == ["10.0.0.2:6050", "EMPTY", "none", "2", "7", "s", "ago"]
    assert lines[5].split(None, 1) == [
        "10.0.0.3:6050",
        "no answer yet  -          -       -        connection refused",
    ]
    assert lines[-1] == "all is lost"
    assert told["diagnosis"] == "all is lost"


def test_the_status_of_a_log_that_fares_well(capsys: pytest.CaptureFixture[str]) -> None:
    with node_that_tells(Status.VOTING) as address:
        assert "is VOTING; quorum 2\nMEMBER" in output_of(capsys, "status", f"--node={address}")
