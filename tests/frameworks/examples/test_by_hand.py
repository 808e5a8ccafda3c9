from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from frameworks.examples import by_hand
from tests.integration.test_local import running_local


def test_a_command_is_run_by_http_alone(tmp_path: Path) -> None:
    with running_local(tmp_path) as cluster:
        for command, status, state in (("true", 0, "TASK_FINISHED"), ("exit 3", 1, "TASK_FAILED")):
            program = [sys.executable, "-S", by_hand.__file__, cluster.master, command]
            done = subprocess.run(program, capture_output=True, text=True, timeout=120.0, check=False)
            assert (done.returncode, done.stderr) == (status, "")
            heard = [line.split()[0] for line in done.stdout.splitlines()]
            assert heard[:2] == ["SUBSCRIBED", "HEARTBEAT"]
            assert [one for one in heard if one.startswith("TASK_")] == [
                "TASK_STARTING",
                "TASK_RUNNING",
                state,
            ]


def test_a_master_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert by_hand.main(["127.0.0.1:1", "true"]) == 1
    assert capsys.readouterr().err.startswith("by_hand: 127.0.0.1:1: ")
    assert by_hand.main([]) == 2
    assert "usage" in capsys.readouterr().err
