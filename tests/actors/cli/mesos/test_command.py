"""The commands of `mesos`, against a master and an agent that answer over HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from actors.cli.mesos.command import main
from actors.cli.mesos.programs import mesos_cat, mesos_ps
from tests.actors.cli.mesos.daemons import Daemons, daemons, framework, standing_by, task
from transport.pid import Address
from transport.records.ids import ContainerID
from transport.records.task_status import TaskState

PATIENT = "--timeout=60"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemons]:
    with daemons(tmp_path) as known:
        monkeypatch.setenv("MESOS_MASTER", str(known.master))
        yield known


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("MESOS_MASTER", raising=False)
    monkeypatch.delenv("MESOS_CLI_CONFIG", raising=False)


class Shell:
    """Runs commands, and keeps what they print."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        self.errors = ""

    def __call__(self, *words: str, status: int = 0, program: Any = main) -> str:
        assert program(words) == status
        output = self._capture.readouterr()
        self.errors = output.err
        return output.out

    def rows(self, *words: str) -> list[Sequence[str]]:
        """A table without its headings."""
        return [line.split() for line in self(*words).splitlines()[1:]]

    def json(self, *words: str, program: Any = main) -> Any:
        return json.loads(self(*words, program=program))


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def test_agents_are_listed(cluster: Daemons, shell: Shell) -> None:
    assert shell("agent", "list", PATIENT).splitlines()[0].split()[:3] == ["AGENT", "ID", "HOSTNAME"]
    assert shell.rows("agent", "list", PATIENT) == [
        ["S0", "host", "True", str(cluster.agent), "0.5/4", "32/1024", "0/100", "1.11.0"]
    ]
    (agent,) = shell.json("agent", "list", PATIENT, "--json")
    assert agent["agent_info"]["id"] == {"value": "S0"}


def test_running_tasks_are_listed_and_all_if_wanted(cluster: Daemons, shell: Shell) -> None:
    assert shell("task", "list") == "There are no tasks running in the cluster.\n"
    assert shell("task", "list", "--all") == "There are no tasks in the cluster.\n"
    cluster.tasks = (task("web", executor="x"), task("db", state=TaskState.TASK_STAGING))
    cluster.completed_tasks = (task("old", state=TaskState.TASK_FINISHED),)
    assert shell.rows("task", "list") == [["web", "TASK_RUNNING", "F0", "x", "S0"]]
    assert [row[0] for row in shell.rows("task", "list", "-a")] == ["db", "old", "web"]
    assert [one["task_id"]["value"] for one in shell.json("task", "list", "--json")] == ["web"]


def test_a_task_is_inspected(cluster: Daemons, shell: Shell) -> None:
    cluster.tasks = (task("web"),)
    assert shell.json("task", "inspect", "web")["state"] == "TASK_RUNNING"
    assert shell("task", "inspect", "wbe", status=1) == ""
    assert shell.errors == "mesos: no task 'wbe'; did you mean web?\n"


def test_of_tasks_with_one_id_the_one_that_lives_is_meant_unless_there_are_more(
    cluster: Daemons, shell: Shell
) -> None:
    cluster.tasks = (task("web", framework="F1"),)
    cluster.completed_tasks = (
        task("web", framework="F0", state=TaskState.TASK_FINISHED),
        task("web", framework="F1", state=TaskState.TASK_LOST),
    )
    assert shell.json("task", "inspect", "web")["framework_id"]["value"] == "F1"
    assert shell.json("task", "inspect", "web", "--framework=F0")["state"] == "TASK_FINISHED"
    cluster.tasks = (*cluster.tasks, task("web", framework="F2"))
    shell("task", "inspect", "web", status=1)
    assert shell.errors == (
        "mesos: task 'web': several frameworks have one; give --framework, one of F1, F2\n"
    )
    shell("task", "inspect", "web", "--framework=F9", status=1)
    assert shell.errors == "mesos: no task 'web' of framework 'F9'; did you mean web?\n"


def test_frameworks_are_listed_inspected_and_torn_down(cluster: Daemons, shell: Shell) -> None:
    assert shell("framework", "list") == "There are no frameworks.\n"
    cluster.frameworks = (framework("F0"), framework("F1", active=False))
    cluster.completed_frameworks = (framework("F2", active=False),)
    assert [row[0] for row in shell.rows("framework", "list")] == ["F0"]
    assert [row[0] for row in shell.rows("framework", "list", "--all")] == ["F0", "F1", "F2"]
    assert shell.json("framework", "inspect", "F2")["framework_info"]["name"] == "name of F2"
    assert shell("framework", "teardown", "F1") == "Framework F1 (name of F1) is torn down.\n"
    assert shell("framework", "teardown", "F0", "--json") == ""
    assert cluster.torn_down == ["F1", "F0"]
    for framework_id, text in (("F2", "framework 'F2': is over already"), ("G", "no framework 'G'")):
        shell("framework", "teardown", framework_id, status=1)
        assert shell.errors == f"mesos: {text}\n"


def test_the_state_of_the_cluster_is_told(cluster: Daemons, shell: Shell) -> None:
    cluster.tasks = (task("a"), task("b"), task("c", state=TaskState.TASK_LOST))
    assert shell("state").splitlines() == [
        f"leader      {cluster.master}",
        "version     1.11.0",
        "agents      1, of which 1 active",
        "frameworks  0, of which 0 active",
        "tasks       1 TASK_LOST, 2 TASK_RUNNING",
        "cpus        0.5 of 4 used",
        "mem         32 of 1024 used",
        "disk        0 of 100 used",
    ]
    assert shell.json("state", "--json") == {"id": "m1"}


def test_running_tasks_are_shown_with_what_they_use(cluster: Daemons, shell: Shell) -> None:
    cluster.tasks = (task("web"), task("db"), task("old", state=TaskState.TASK_LOST))
    cluster.frameworks = (framework("F0"),)
    lines = shell("--timeout=60", program=mesos_ps).splitlines()
    assert lines[0].split() == ["USER", "FRAMEWORK", "TASK", "AGENT", "MEM", "TIME", "CPUS", "(allocated)"]
    assert [line.split() for line in lines[1:]] == [
        ["anna", "name", "of", "F0", "name", "of", "db", "host", "0.5"],
        ["anna", "name", "of", "F0", "name", "of", "web", "host", "3.0", "MB", "01:01:01.750000", "0.5"],
    ]
    processes = shell.json("--json", program=mesos_ps)
    assert [one["mem_rss_bytes"] for one in processes] == [None, 3 * 1024 * 1024]


def test_a_leader_is_followed_to_and_one_line_says_what_is_wrong(
    cluster: Daemons, shell: Shell, tmp_path: Path
) -> None:
    cluster.tasks = (task("web"),)
    with standing_by(cluster.master) as other:
        assert shell.rows("--master", str(other), "task", "list") == shell.rows("task", "list")
        assert shell.rows("task", "list", f"--master=http://{other}/") == shell.rows("task", "list")
        (tmp_path / "master").write_text(f"{other}\n")
        assert shell.rows("task", "list", f"--master=file://{tmp_path}/master") == shell.rows("task", "list")
    with standing_by(None) as other:
        shell("--master", str(other), "task", "list", status=1)
        assert shell.errors == f"mesos: the master at {other} answers 503: No leader elected\n"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nobody = Address(*silent.getsockname())
        shell("task", "list", f"--master={nobody}", "--timeout=0.05", status=1)
        assert shell.errors == f"mesos: the master cannot be reached: {nobody}: does not answer in time\n"
    shell("task", "list", f"--master={nobody}", status=1)
    assert shell.errors == f"mesos: the master cannot be reached: {nobody}: Connection refused\n"


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        (["tsk"], 2, "tsk: no such command; did you mean task?"),
        (["task", "lst"], 2, "task lst: no such command; did you mean task list?"),
        (["xyz"], 2, "xyz: no such command; mesos --help lists them"),
        (["task", "inspect"], 2, "the following arguments are required: TASK_ID (mesos task inspect --help"),
        (
            ["task", "list", "--master=a/b"],
            2,
            "--master: master 'a/b': must be host:port, zk://host:port/path",
        ),
        (["task", "list", "--master=a:x"], 2, "--master: address 'a:x': must be host:port"),
        (["task", "list", "--timeout=0"], 2, "--timeout: must be more than 0"),
        (["task", "list", "--timeout=nan"], 2, "--timeout: must be more than 0"),
        (["sandbox", "tail", "-n", "-1", "x"], 2, "--lines: must not be negative"),
    ],
)
def test_mistakes_are_answered_with_one_line(shell: Shell, words: list[str], status: int, error: str) -> None:
    assert shell(*words, status=status) == ""
    assert shell.errors.startswith(f"mesos: {error}")
    assert shell.errors.count("\n") == 1


def test_commands_are_listed_and_explain_themselves(shell: Shell) -> None:
    assert "  task        the tasks of the cluster\n" in shell("--help")
    assert shell("help") == shell("-h") == shell(status=2)
    assert "  exec        run a command" in shell("help", "task")
    assert shell("task", "--help") == shell("task", status=2)
    assert "complete  " not in shell("--help")
    assert shell("--version").startswith("mesos (pion ")
    for words in (["help", "task", "exec"], ["state", "--help"], ["completion", "-h"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0


def test_a_file_of_a_task_is_found_by_mesos_cat(
    cluster: Daemons, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    content = bytes(range(256)) * 1_000
    (cluster.sandbox("web") / "data").write_bytes(content)
    cluster.tasks = (task("web", container=ContainerID(value="c1")),)
    words = ["--framework=F0", "--task=web", "--file=data", PATIENT]
    assert mesos_cat(words) == 0
    assert capsysbinary.readouterr().out == content
    assert main(["sandbox", "cat", "web", "data", "data", PATIENT]) == 0
    assert capsysbinary.readouterr().out == content * 2
    assert mesos_cat(["--framework=F0", "--task=web", "--file=none"]) == 1
    assert capsysbinary.readouterr().err == (
        b"mesos-cat: none: the sandbox of the task has no such file or folder\n"
    )


def test_a_sandbox_is_listed(cluster: Daemons, shell: Shell) -> None:
    sandbox = cluster.sandbox("web")
    cluster.tasks = (task("web"),)
    assert shell("sandbox", "ls", "web") == "The folder is empty.\n"
    (sandbox / "logs").mkdir()
    (sandbox / "stdout").write_text("hello")
    names = [row[-1] for row in shell.rows("sandbox", "ls", "web")]
    assert names == ["logs", "stdout"]
    assert shell.rows("sandbox", "ls", "web")[1][4] == "5"
    assert shell("sandbox", "ls", "web", "logs") == "The folder is empty.\n"
    assert [one["size"] for one in shell.json("sandbox", "ls", "web", "--json")][1] == 5
    shell("sandbox", "ls", "web", "../x", status=1)
    assert shell.errors == f"mesos: the agent at {cluster.agent} answers 400: path: must not hold '..'\n"


def test_the_end_of_a_file_is_printed(cluster: Daemons, shell: Shell) -> None:
    (cluster.sandbox("web") / "stdout").write_text("".join(f"{number}\n" for number in range(20)))
    cluster.tasks = (task("web"),)
    assert shell("sandbox", "tail", "web").splitlines() == [str(number) for number in range(10, 20)]
    assert shell("sandbox", "tail", "-n1", "web", "stdout") == "19\n"
    assert shell("sandbox", "tail", "-n0", "web", "stdout") == ""
