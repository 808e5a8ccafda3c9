"""What is kept of containers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from containerizers.containerizer import Ended, Limitation
from containerizers.docker.ledger import Ledger, Record

WHOLE = Record(
    directory="/d",
    stdout="/d/o",
    stderr="/d/e",
    attached=True,
    exec_id="x",
    image="i",
    pulls=True,
    body={"Env": ["A=1"]},
)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.write("a", WHOLE)
    ledger.write("a.b", Record())
    assert ledger.read("a") == WHOLE
    assert ledger.read("a.b") == Record()
    assert ledger.read("c") is None
    assert ledger.containers() == ("a", "a.b")
    ledger.remove("a")
    assert ledger.containers() == ("a.b",)


def test_a_record_is_for_nobody_elses_eyes(tmp_path: Path) -> None:
    Ledger(tmp_path).write("a", WHOLE)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "docker/a").iterdir()}
    assert modes == {0o600}


def test_an_end_is_kept_without_what_is_no_more_needed(tmp_path: Path) -> None:
    ended = Ended("a", 9, "why", Limitation("memory", "too much", 5))
    record = WHOLE.ended(ended, 3.0)
    assert (record.body, record.told) == (None, 3.0)
    assert record.end("a") == ended
    assert record.ended(Ended("a"), 4.0) is record
    ledger = Ledger(tmp_path)
    ledger.write("a", record)
    assert ledger.read("a") == record


@pytest.mark.parametrize("container_id", ["", "..", "a/b", "a..b"])
def test_an_id_leads_nowhere_else(tmp_path: Path, container_id: str) -> None:
    with pytest.raises(ValueError, match="container id"):
        Ledger(tmp_path).folder(container_id)
