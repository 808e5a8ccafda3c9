"""Nodes as child processes end with the one who started them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from actors.cli import children as children_module
from actors.cli.children import Children
from actors.cli.parser import CommandError


def test_a_child_that_does_not_finish_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children_module, "END_SECONDS", 0.1)
    with Children(tmp_path) as children:
        child = children.start("stopped", [])
        child.process.send_signal(signal.SIGSTOP)
    assert child.process.returncode == -signal.SIGKILL


def test_children_end_when_their_parent_fails(tmp_path: Path) -> None:
    children = Children(tmp_path)
    with pytest.raises(ZeroDivisionError), children:
        one, two = children.start("one", []), children.start("two", [])
        assert os.getpgid(one.process.pid) != os.getpgid(0)
        raise ZeroDivisionError
    assert (one.process.returncode, two.process.returncode) == (0, 0)


_PARENT = """
import signal, sys, pathlib
from actors.cli.children import Children
with Children(pathlib.Path(sys.argv[1])) as children:
    print(children.start("one", []).process.pid, flush=True)
    signal.pause()
"""


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    try:
        ended, _, _ = select.select([child], [], [], children_module.START_SECONDS)
        assert ended
    finally:
        os.close(child)
    assert '"status":0' in (tmp_path / "one.log").read_text()


def test_a_child_that_does_not_start_says_why(tmp_path: Path) -> None:
    with Children(tmp_path) as children, pytest.raises(CommandError) as raised:
        children.start("one", ["--actr=x"])
    assert (
        str(raised.value) == "node one did not start: pion node: --actr: no such flag; did you mean --actor?"
    )


def test_what_has_ended_is_forgotten(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        first = children.start("node", []).process
        first.kill()
        first.wait()
        children.start("node", [])
        assert first.stdin is not None
        assert first.stdout is not None
        assert (first.stdin.closed, first.stdout.closed) == (True, True)


def test_a_child_that_takes_too_long_to_start_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children_module, "START_SECONDS", 0.0)
    with Children(tmp_path) as children:
        with pytest.raises(CommandError, match="did not start"):
            children.start("node", [f"--work_dir={tmp_path}/work"])
        monkeypatch.undo()
        children.start("node", [f"--work_dir={tmp_path}/work"])
