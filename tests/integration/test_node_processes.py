"""Nodes as users run them: processes of their own, asked and ended from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.cli.children import Child, Children
from actors.cli.parser import CommandError
from actors.cli.pion import main

DEADLINE_SECONDS = 60.0
PLUGGED = "tests.integration.plugged"
PING = "frameworks.examples.ping"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Children]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with Children(tmp_path) as started:
        yield started


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"still not so: {what}"
        time.sleep(0.02)


def logged(node: Child, event: str) -> list[dict[str, object]]:
    """The lines of a node's log with that event."""
    lines = [line for line in node.log.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [entry for entry in map(json.loads, lines) if entry["event"] == event]


def wait_for_log(node: Child, event: str, count: int = 1) -> list[dict[str, object]]:
    wait_until(lambda: len(logged(node, event)) >= count, f"{count} times {event!r} in {node.log}")
    return logged(node, event)


class Terminal:
    """Types commands, and reads what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def types(self, *words: str) -> tuple[int, str, str]:
        """Exit status, output, and errors of `pion WORDS`."""
        self._capsys.readouterr()
        status = main((*words, "--timeout=60secs"))
        output = self._capsys.readouterr()
        return status, output.out, output.err.strip()

    def prints(self, *words: str) -> str:
        status, output, errors = self.types(*words)
        assert (status, errors) == (0, "")
        return output

    def fails(self, *words: str) -> str:
        status, output, errors = self.types(*words)
        assert (status, output) == (1, "")
        return errors


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def names(terminal: Terminal, node: Child) -> list[str]:
    actors = json.loads(terminal.prints("actors", f"--node={node.address}", "--json"))
    return [actor["pid"].partition("@")[0] for actor in actors]


def test_actors_on_two_nodes_talk(children: Children, terminal: Terminal) -> None:
    one = children.start("one", [f"--actor=ponger={PING}:Ponger"])
    two = children.start("two", [f"--actor=pinger={PING}:Pinger,ponger=ponger@{one.address},count=5"])
    pongs = wait_for_log(two, "pong", count=5)
    assert [pong["number"] for pong in pongs] == [1, 2, 3, 4, 5]
    nodes = json.loads(terminal.prints("nodes", f"--node={two.address}", "--json"))["nodes"]
    assert [node["address"] for node in nodes] == [str(two.address), str(one.address)]
    assert [node["process"] for node in nodes] == [two.process.pid, one.process.pid]
    table = terminal.prints("nodes", f"--node={one.address}").splitlines()
    assert table[0].split() == ["NODE", "VERSION", "PROCESS", "UP", "ACTORS", "PEERS"]
    assert [(line.split()[0], line.split()[-1]) for line in table[1:]] == [
        (str(one.address), "1"),
        (str(two.address), "1"),
    ]


def test_actors_are_listed_started_and_stopped_from_outside(children: Children, terminal: Terminal) -> None:
    node = children.start("node", [f"--actor=first={PLUGGED}:Tidy"])
    at = f"--node={node.address}"
    assert names(terminal, node) == ["supervisor", "node", "trace", "first"]
    spawned = terminal.prints("spawn", at, f"second={PLUGGED}:Watcher", f"watched=first@{node.address}")
    assert spawned == f"second@{node.address}\n"
    assert names(terminal, node)[-1] == "second"
    assert terminal.prints("stop", at, "first") == "actor first stopped\n"
    assert names(terminal, node) == ["supervisor", "node", "trace", "second"]
    assert wait_for_log(node, "watched actor is gone")[0]["gone"] == f"first@{node.address}"
    assert "node/turns/second" in json.loads(terminal.prints("metrics", at, "--json"))
    taken = terminal.fails("spawn", at, f"second={PLUGGED}:Tidy")
    assert taken == f"pion spawn: actor second: the name is taken by {PLUGGED}:Watcher"
    assert terminal.prints("stop", at, "--whole_node") == f"node {node.address} stops\n"
    assert node.process.wait(DEADLINE_SECONDS) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_all_actors_in_reverse_order(children: Children, number: signal.Signals) -> None:
    node = children.start("node", [f"--actor={name}={PLUGGED}:Tidy" for name in ("a", "b", "c")])
    node.process.send_signal(number)
    assert node.process.wait(DEADLINE_SECONDS) == 0
    assert [entry["name"] for entry in logged(node, "finalized")] == ["c", "b", "a"]
    assert logged(node, "node ended")[0]["status"] == 0


def test_what_a_node_was_started_to_ignore_is_not_ignored_by_what_it_starts(children: Children) -> None:
    for number in (signal.SIGHUP, signal.SIGQUIT):
        before = signal.signal(number, signal.SIG_IGN)
        try:
            node = children.start(f"node-{number}", [])
        finally:
            signal.signal(number, before)
        node.process.send_signal(number)
        status = Path(f"/proc/{node.process.pid}/status").read_text()
        (ignored,) = re.findall(r"SigIgn:\s*(\w+)", status)
        assert not int(ignored, 16) >> (number - 1) & 1
        node.process.send_signal(signal.SIGTERM)
        assert node.process.wait(DEADLINE_SECONDS) == 0, "it went on by that signal"


def test_a_second_signal_ends_a_node_at_once(children: Children) -> None:
    node = children.start("node", [f"--actor=stuck={PLUGGED}:Stuck"])
    node.process.send_signal(signal.SIGTERM)
    wait_for_log(node, "node finishes")
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(DEADLINE_SECONDS) == 128 + signal.SIGTERM


def test_a_vital_actor_that_crashes_again_and_again_ends_its_node(
    children: Children, terminal: Terminal
) -> None:
    node = children.start("node", [f"--actor=tidy={PLUGGED}:Tidy", f"--actor=crasher={PLUGGED}:Crasher"])
    assert node.process.wait(DEADLINE_SECONDS) == 1
    (aborted,) = logged(node, "node aborts")
    assert str(aborted["reason"]).startswith("vital actor crasher@")
    assert str(aborted["reason"]).endswith("may not be restarted: RuntimeError: born to crash")
    assert logged(node, "finalized")
    assert logged(node, "node ended")[0]["status"] == 1


def test_a_spawned_actor_that_crashes_leaves_its_node_alone(children: Children, terminal: Terminal) -> None:
    node = children.start("node", [])
    terminal.prints("spawn", f"--node={node.address}", f"crasher={PLUGGED}:Crasher")
    wait_for_log(node, "actor given up")
    assert names(terminal, node) == ["supervisor", "node", "trace"]


def test_a_node_open_to_other_machines_starts_no_actor_for_strangers(
    children: Children, terminal: Terminal
) -> None:
    everywhere = ["--ip=0.0.0.0", "--advertise_ip=127.0.0.1"]
    node = children.start("closed", everywhere)
    refusal = (
        f"node {node.address} lets no other node {{}}: it listens on 0.0.0.0 without --secret_file "
        f"(--allow_spawn would permit it)"
    )
    at = f"--node={node.address}"
    assert terminal.fails("spawn", at, f"a={PLUGGED}:Tidy") == f"pion spawn: {refusal.format('spawn actors')}"
    assert terminal.fails("stop", at, "node") == f"pion stop: {refusal.format('stop actors')}"
    assert terminal.fails("stop", at, "--whole_node") == f"pion stop: {refusal.format('stop it')}"
    assert names(terminal, node) == ["supervisor", "node", "trace"]
    willing = children.start("willing", [*everywhere, "--allow_spawn"])
    assert terminal.prints("spawn", f"--node={willing.address}", f"a={PLUGGED}:Tidy")


def test_nodes_that_share_a_secret_talk_and_no_others(
    children: Children, terminal: Terminal, tmp_path: Path
) -> None:
    secret, other = (f"--secret_file={tmp_path / name}" for name in ("secret", "other"))
    for name in ("secret", "other"):
        assert main(("secret", f"--output={tmp_path / name}")) == 0
    one = children.start("one", [secret, f"--actor=ponger={PING}:Ponger"])
    two = children.start("two", [secret, f"--actor=pinger={PING}:Pinger,ponger=ponger@{one.address}"])
    wait_for_log(two, "pong", count=10)
    at = f"--node={one.address}"
    assert terminal.prints("actors", at, secret)
    for wrong in ([other], []):
        refusal = terminal.fails("actors", at, *wrong)
        assert refusal.startswith(f"pion actors: node@{one.address} cannot be reached: ")
    assert terminal.prints("actors", at, secret)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: node\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        bytes(range(256)) * 400,
        b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL" + bytes(48) + b"\x02" + b"\xff" * 8,
    ],
    ids=["http", "tls", "noise", "huge frame"],
)
def test_garbage_on_the_port_harms_nobody(children: Children, terminal: Terminal, garbage: bytes) -> None:
    node = children.start("node", [])
    with socket.create_connection(node.address, DEADLINE_SECONDS) as connection:
        connection.sendall(garbage)
        assert names(terminal, node) == ["supervisor", "node", "trace"]
    assert names(terminal, node) == ["supervisor", "node", "trace"]


def test_who_watched_an_actor_learns_that_its_node_was_killed(children: Children) -> None:
    one = children.start("one", [f"--actor=tidy={PLUGGED}:Tidy"])
    two = children.start("two", [f"--actor=watcher={PLUGGED}:Watcher,watched=tidy@{one.address}"])
    wait_for_log(two, "peer connected")
    one.process.kill()
    assert wait_for_log(two, "watched actor is gone")[0]["gone"] == f"tidy@{one.address}"


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (
            ["--actor=a=no_such:C"],
            "pion node: actor a: no_such:C cannot be loaded: No module named 'no_such'",
        ),
        (["--actor=node=tests.integration.plugged:Tidy"], "pion node: actor node: the name is taken by "),
        (["--ip=0.0.0.0"], "pion node: --advertise_ip: must say how others reach this node"),
    ],
)
def test_a_node_that_cannot_start_says_why(children: Children, flags: list[str], reason: str) -> None:
    with pytest.raises(CommandError) as raised:
        children.start("node", flags)
    assert str(raised.value).startswith(f"node node did not start: {reason}")


def test_actors_are_found_in_the_folder_where_the_node_is_started(children: Children, tmp_path: Path) -> None:
    (tmp_path / "my_actors.py").write_text(
        "from actors.process import Process\n\nclass Mine(Process):\n    pass\n"
    )
    # -P keeps Python from looking there by itself, as it does not for the installed command.
    command = [
        sys.executable,
        "-P",
        "-m",
        "actors.cli.pion",
        "node",
        "--actor_port=0",
        "--actor=a=my_actors:Mine",
    ]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as node:
        assert node.stdout is not None
        assert node.stdout.readline().startswith("pion node 127.0.0.1:")
        node.terminate()
        assert node.wait(DEADLINE_SECONDS) == 0


def test_a_port_and_a_work_directory_belong_to_one_node(children: Children, tmp_path: Path) -> None:
    node = children.start("one", [f"--work_dir={tmp_path}/work"])
    with pytest.raises(CommandError, match=r"work is in use by another process"):
        children.start("two", [f"--work_dir={tmp_path}/work"])
    command = [sys.executable, "-m", "actors.cli.pion", "node", f"--actor_port={node.address.port}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_node_dies_at_the_fault_point_that_its_environment_names(children: Children) -> None:
    flags = ["--actor_port=0", f"--actor=keeper={PLUGGED}:Keeper"]
    command = [sys.executable, "-m", "actors.cli.pion", "node", *flags]
    environment = os.environ | {"FAULT": "keeper.kept"}
    died = subprocess.run(
        command, env=environment, capture_output=True, timeout=DEADLINE_SECONDS, check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert b"survived" not in died.stderr


def test_the_demo_counts_rightly_and_leaves_nothing_behind(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("demo", "--no-keep", "--below=200000")) == 0
    output = capsys.readouterr().out
    assert "There are 17,984 primes below 200,000" in output


def test_the_demo_ends_both_nodes_when_it_is_ended(children: Children, terminal: Terminal) -> None:
    command = [sys.executable, "-m", "actors.cli.pion", "demo", "--keep", "--below=10000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        lines: list[str] = []
        for line in demo.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        (address,) = {line.split()[-1] for line in lines if "pion nodes --node" in line}
        nodes = json.loads(terminal.prints("nodes", f"--node={address}", "--json"))["nodes"]
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(DEADLINE_SECONDS) == 0
    assert len(nodes) == 2
    for node in nodes:
        with pytest.raises(ProcessLookupError):
            os.kill(node["process"], 0)
