"""The command `mesos` on a whole cluster of daemons, as a user types it, also on a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.keyboard import Keyboard, keyboard
from tests.integration.masters import Masters
from tests.integration.test_local import Local, running_local, wait_until
from tests.zookeeper.ensemble import Ensemble

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 120.0
#: Writes lines until it is killed.
TALKER = "i=0; while sleep 0.1; do i=$((i+1)); echo line $i; done"
#: Says what it reads.
READER = "echo ready; while read word; do echo got $word; done; stty size; echo over"


class User:
    """Types commands."""

    def __init__(self, cluster: Local) -> None:
        self.cluster = cluster
        self._environment = {**os.environ, "MESOS_MASTER": cluster.master, "HOME": str(cluster.work_dir)}

    def run(self, *words: str, typed: bytes = b"", status: int = 0) -> str:
        """What a command prints."""
        done = subprocess.run(
            self._words(words),
            cwd=ROOT,
            env=self._environment,
            input=typed,
            capture_output=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        assert done.returncode == status, done
        return (done.stderr if status == 1 else done.stdout).decode()

    def program(self, name: str) -> str:
        """What one of the programs prints."""
        call = f"from actors.cli.mesos.programs import mesos_{name}; raise SystemExit(mesos_{name}())"
        words = [sys.executable, "-c", call, "--timeout=60"]
        return subprocess.run(
            words, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=True
        ).stdout

    @contextlib.contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command that goes on."""
        process = subprocess.Popen(
            self._words(words),
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            yield process
            process.kill()

    def on_a_terminal(self, *words: str) -> contextlib.AbstractContextManager[Keyboard]:
        """A command on a terminal of 30 rows and 100 columns."""
        return keyboard(self._words(words), self._environment, ROOT, 30, 100)

    @contextlib.contextmanager
    def task(self, name: str, command: str, *, terminal: bool = False) -> Iterator[None]:
        """A task that runs."""
        task: dict[str, object] = {
            "name": name,
            "task_id": {"value": name},
            "agent_id": {"value": ""},
            "command": {"value": command},
            "resources": [
                {"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}},
                {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}},
            ],
        }
        if terminal:
            task["container"] = {"type": "MESOS", "tty_info": {}}
        words = ["execute", f"--master={self.cluster.master}", f"--task={json.dumps(task)}"]
        process = subprocess.Popen(
            [sys.executable, "-m", "actors.cli.pion", *words], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        try:
            wait_until(lambda: name in self.run("task", "list").split())
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE_SECONDS)

    def _words(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "actors.cli.mesos.command", "--timeout=60", *words]


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    with running_local(tmp_path_factory.mktemp("local")) as cluster:
        yield User(cluster)


def test_the_output_of_a_task_is_followed_while_it_writes(user: User) -> None:
    with user.task("talker", TALKER):
        wait_until(lambda: "line 3\n" in user.run("sandbox", "cat", "talker"))
        assert user.run("sandbox", "cat", "talker").startswith("line 1\nline 2\n")
        names = [line.split()[-1] for line in user.run("sandbox", "ls", "talker").splitlines()[1:]]
        assert names == ["stderr", "stdout"]
        with user.running("sandbox", "tail", "--follow", "--lines=1", "talker") as tail:
            assert tail.stdout is not None
            lines = [int(tail.stdout.readline().split()[1]) for _ in range(10)]
            assert lines == list(range(lines[0], lines[0] + 10))
            tail.send_signal(signal.SIGINT)
            assert tail.wait(DEADLINE_SECONDS) == 130
        wait_until(lambda: "MB" in user.program("ps"))
        assert user.program("ps").splitlines()[1].split()[1:3] == ["mesos-execute", "talker"]


def test_a_command_runs_in_the_container_of_a_task(user: User) -> None:
    with user.task("host", TALKER):
        assert user.run("task", "exec", "host", "ls") == "stderr\nstdout\n"
        assert user.run("task", "exec", "-i", "host", "cat", typed=b"\x00\xc3\xa4 typed\n") == "\0ä typed\n"
        large = b"0123456789abcde\n" * 50_000
        assert user.run("task", "exec", "-i", "host", "cat", typed=large).encode() == large
        assert user.run("task", "exec", "host", "cat") == ""
        user.run("task", "exec", "host", "sh", "-c", "exit 7", status=7)
        user.run("task", "exec", "host", "sh", "-c", "kill -9 $$", status=137)
        assert "No such file or directory" in user.run("task", "exec", "host", "nothing", status=1)
        assert "no task 'hst'; did you mean host?" in user.run("task", "exec", "hst", "true", status=1)
        user.run("task", "exec", "-t", "host", "sh", status=2)
        with user.running("task", "exec", "host", "sh", "-c", "echo $$; exec sleep 1000") as sleeper:
            assert sleeper.stdout is not None
            process = int(sleeper.stdout.readline())
            sleeper.send_signal(signal.SIGINT)
            assert sleeper.wait(DEADLINE_SECONDS) == 130
        wait_until(lambda: not Path(f"/proc/{process}").exists())


def test_a_shell_on_a_terminal_knows_its_size_and_its_keys(user: User) -> None:
    with user.task("place", TALKER), user.on_a_terminal("task", "exec", "-it", "place", "sh") as keys:
        keys.type(b"stty size\n")
        keys.see(b"30 100\r\n")
        keys.resize(11, 22)
        keys.type(b"while sleep 0.1; do stty size; done\n")
        keys.see(b"11 22\r\n")
        keys.type(b"\x03")
        keys.see(b"^C")
        keys.type(b"exit 7\n")
        assert keys.ended() == 7


def test_a_task_with_a_terminal_is_attached_to_and_left_again(user: User) -> None:
    with user.task("reader", READER, terminal=True):
        with user.on_a_terminal("task", "attach", "reader") as keys:
            keys.type(b"hello\n")
            keys.see(b"got hello\r\n")
            keys.type(b"\x10\x11")
            keys.see(b"Detached.")
            assert keys.ended() == 0
        with user.on_a_terminal("task", "attach", "reader") as keys:
            keys.type(b"again\n")
            keys.see(b"got again\r\n")
            keys.type(b"\x04")
            keys.see(b"30 100\r\nover\r\n")
            assert keys.ended() == 0


def test_a_task_without_a_terminal_is_not_attached_to(user: User) -> None:
    with user.task("plain", TALKER):
        assert "launched without a terminal" in user.run("task", "attach", "plain", status=1)


def test_the_cluster_is_told_of_and_a_framework_torn_down(user: User) -> None:
    with user.task("victim", TALKER):
        (framework,) = json.loads(user.run("framework", "list", "--json"))
        (task,) = json.loads(user.run("task", "list", "--json"))
        assert task["framework_id"] == framework["framework_info"]["id"]
        identifier = task["framework_id"]["value"]
        assert "1 TASK_RUNNING" in user.run("state")
        assert json.loads(user.run("state", "--json"))["activated_slaves"] == 1
        assert identifier in user.run("framework", "teardown", identifier)
        wait_until(lambda: user.run("task", "list") == "There are no tasks running in the cluster.\n")
        assert user.run("sandbox", "cat", "victim").startswith("line 1\n")


def test_zookeeper_leads_to_the_leader(zookeeper: Ensemble, tmp_path: Path) -> None:
    url = zookeeper.url(f"/mesos-command-{os.getpid()}")
    with Masters(tmp_path) as masters:
        master = masters.start(f"--zk={url}", "--quorum=1", "--no-hostname_lookup")
        words = [sys.executable, "-m", "actors.cli.mesos.command", f"--master={url}", "--timeout=60", "state"]

        def state() -> str:
            return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False).stdout

        wait_until(lambda: f"leader      {master.web}\n" in state())
