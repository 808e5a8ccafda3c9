"""What completes `mesos` in a shell; with real ones where they are installed: bash is everywhere."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from actors.cli.mesos.command import COMMANDS, main
from actors.cli.mesos.complete import candidates
from tests.actors.cli.mesos.daemons import daemons, framework, task
from transport.records.task_status import TaskState

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([""], [name for name in COMMANDS if name != "complete"]),
        (["t"], ["task"]),
        (["task", ""], ["list", "inspect", "exec", "attach"]),
        (["task", "e"], ["exec"]),
        (["task", "list", "--a"], ["--all"]),
        (["task", "list", "--m"], ["--master"]),
        (["completion", "--"], []),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["completion", "bash", ""], []),
        (["nothing", ""], []),
        (["task", "nothing", ""], []),
    ],
)
def test_commands_and_options_are_completed(words: list[str], found: list[str]) -> None:
    assert candidates(words) == found


def test_tasks_and_frameworks_of_the_cluster_are_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.cli.mesos.complete._TIMEOUT_SECONDS", 60.0)
    with daemons(tmp_path) as known:
        monkeypatch.setenv("MESOS_MASTER", str(known.master))
        known.tasks = (task("web-1"), task("db"), task("web-2", state=TaskState.TASK_LOST))
        known.frameworks = (framework("F0"),)
        assert candidates(["task", "exec", ""]) == ["web-1", "db"]
        assert candidates(["sandbox", "tail", "-f", "web"]) == ["web-1"]
        assert candidates(["sandbox", "tail", "web-1", ""]) == []
        assert candidates(["framework", "teardown", ""]) == ["F0"]
    assert candidates(["task", "exec", ""]) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_what_it_can_source(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "mesos complete -- " in capsys.readouterr().out


def test_bash_completes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])
    command = f"{shlex.quote(sys.executable)} -m actors.cli.mesos.command"
    script = f"""
{capsys.readouterr().out}
mesos() {{ {command} "$@"; }}
COMP_WORDS=(mesos task e) COMP_CWORD=2
_mesos
echo "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "exec\n"
