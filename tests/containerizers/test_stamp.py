from __future__ import annotations

import os
import subprocess

import pytest

from containerizers.stamp import Stamp, boot_id, stat
from tests.containerizers.containers import wait_until


def test_a_process_is_known_by_its_number_its_start_and_the_boot() -> None:
    stamp = Stamp.of(os.getpid())
    assert stamp is not None
    assert (stamp.process, stamp.boot) == (os.getpid(), boot_id())
    assert stamp.runs
    assert not stamp._replace(started=stamp.started + 1).runs
    assert not stamp._replace(boot="another").runs


def test_it_is_read_as_it_was_written() -> None:
    stamp = Stamp(12, 345, "a-b-c")
    assert Stamp.parse(str(stamp)) == stamp


@pytest.mark.parametrize("text", ["", "12", "12 345 a-b", "12 x a-b\n", "1 2 3 4\n", "-1 2 a\n"])
def test_half_of_it_is_not_taken_for_one(text: str) -> None:
    assert Stamp.parse(text) is None


def test_one_that_ended_and_waits_to_be_reaped_does_not_run() -> None:
    with subprocess.Popen(["true"]) as process:
        stamp = Stamp.of(process.pid)
        assert stamp is not None
        wait_until(lambda: not stamp.runs, "it has ended")
        assert stamp.can_be_awaited
    assert not stamp.can_be_awaited


def test_the_name_of_a_program_may_hold_anything(tmp_path_factory: pytest.TempPathFactory) -> None:
    program = tmp_path_factory.mktemp("a) Z 1 (b") / "x) Z 1 ("
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "1000"]) as process:
        wait_until(lambda: "x) Z 1" in _name(process.pid), "it runs under its name")
        seen = stat(process.pid)
        process.kill()
    assert seen is not None
    assert seen.runs
    assert seen.parent == os.getpid()


def _name(process: int) -> str:
    with open(f"/proc/{process}/comm", encoding="ascii") as file:  # noqa: PTH123
        return file.read()
