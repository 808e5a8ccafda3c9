"""A node's life in one process: what it starts with, what it measures, how it ends."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from actors.flags import FlagError, load
from actors.logging import Logs
from actors.node import node as node_module
from actors.node.crew import PluggedIn, StartError
from actors.node.flags import NodeFlags
from actors.node.node import Node
from actors.process import Process
from actors.trace.files import TraceFolder

DEADLINE_SECONDS = 60.0


class Keeper(Process):
    """Keeps something on disk, and says when it finishes."""

    ended: ClassVar[list[str]] = []

    def __init__(self, word: str = "") -> None:
        self._word = word

    def initialize(self) -> None:
        if self._word:
            self.system.disk.write("word", self._word.encode())
            self.system.fault("keeper.wrote")

    def finalize(self) -> None:
        self.ended.append(self.pid.name)


class Stubborn(Process):
    """Does not finish before it is let."""

    let = threading.Event()

    def finalize(self) -> None:
        self.let.wait(DEADLINE_SECONDS)


class Importing(Process):
    """Takes as long to be made as it is let."""

    begun, let = threading.Event(), threading.Event()

    def __init__(self) -> None:
        self.begun.set()
        self.let.wait(DEADLINE_SECONDS)


class Broken(Process):
    def initialize(self) -> None:
        raise RuntimeError("broken")


def node(*arguments: str, log: io.StringIO | None = None, **environment: str) -> Node:
    flags = load(NodeFlags, arguments, {"PION_ACTOR_PORT": "0"}, prefix="PION_")
    return Node(flags, Logs(stream=log or io.StringIO()), environment, PluggedIn(flags.actor))


@contextmanager
def running(*arguments: str) -> Iterator[Node]:
    one = node(*arguments)
    one.start()
    try:
        yield one
    finally:
        one.finish()
        assert one.wait() == 0


def events(log: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in log.getvalue().splitlines()]


def test_a_node_starts_its_actors_and_ends_them_the_youngest_first() -> None:
    Keeper.ended.clear()
    with running(f"--actor=a={__name__}:Keeper", f"--actor=b={__name__}:Keeper") as one:
        names = [actor.pid.name for actor in one.actors()]
        assert [name for name in names if not name.startswith("loader")] == [
            "supervisor",
            "node",
            "trace",
            "a",
            "b",
        ]
        assert one.address.port > 0
    assert Keeper.ended == ["b", "a"]


def test_a_node_without_tracing_has_no_recorder() -> None:
    with running("--no-trace") as one:
        assert [actor.pid.name for actor in one.actors()] == ["supervisor", "node"]


def test_what_is_measured_has_a_name() -> None:
    with running(f"--actor=a={__name__}:Keeper") as one:
        metrics = one.metrics()
        assert metrics["node/peers"] == 0
        assert metrics["node/uptime_secs"] >= 0
        assert metrics["node/crashes/a"] == metrics["node/messages_dropped/a"] == 0
        assert {"node/mailbox_depth/a", "node/turns/a", "node/longest_turn_secs/a"} < metrics.keys()


def test_actors_keep_things_below_the_work_directory(tmp_path: Path) -> None:
    with running(f"--work_dir={tmp_path}/work", f"--actor=a={__name__}:Keeper,word=kept"):
        pass
    assert (tmp_path / "work" / "word").read_bytes() == b"kept"


def test_every_message_goes_into_files_when_there_is_a_folder_for_them(tmp_path: Path) -> None:
    with running(f"--trace_dir={tmp_path}/trace", f"--actor=a={__name__}:Keeper"):
        pass
    assert "SpawnActor" in [record.type for record in TraceFolder(tmp_path / "trace")]


def test_a_node_told_to_finish_while_it_starts_finishes_when_it_has() -> None:
    log = io.StringIO()
    one = node(f"--actor=a={__name__}:Keeper", log=log)
    one.finish()
    one.start()
    assert one.wait() == 0
    assert events(log)[-3:] == ["node started", "node finishes", "node ended"]


def test_an_actor_that_does_not_finish_in_time_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_module, "STOP_SECONDS", 0.1)
    log = io.StringIO()
    one = node(f"--actor=stubborn={__name__}:Stubborn", log=log)
    one.start()
    one.finish()
    assert one.wait() == 1
    Stubborn.let.set()
    assert '"event":"actors did not finish","actors":["stubborn"]' in log.getvalue()


def test_a_node_that_cannot_keep_a_vital_actor_fails() -> None:
    log = io.StringIO()
    one = node(f"--actor=broken={__name__}:Broken", log=log)
    one.start()
    assert one.wait() == 1
    assert "node aborts" in events(log)


def test_a_node_with_an_actor_that_cannot_be_made_does_not_start() -> None:
    Keeper.ended.clear()
    one = node(f"--actor=a={__name__}:Keeper", "--actor=b=no_such:C")
    with pytest.raises(StartError, match="actor b: no_such:C cannot be loaded"):
        one.start()
    assert Keeper.ended == ["a"]


def test_a_port_that_is_taken_is_an_error_of_the_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        one = node(f"--actor_port={taken.getsockname()[1]}")
        with pytest.raises(OSError, match="in use"):
            one.start()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--actor=a"], "--actor: actor 'a': must be name=module:Class, or name=entry point"),
        (["--secret_file=/no/such"], "--secret_file: secret file /no/such: No such file"),
        (["--ip=0.0.0.0"], "--advertise_ip: must say"),
    ],
)
def test_flags_that_cannot_be_used_are_refused_before_anything_starts(
    arguments: list[str], reason: str
) -> None:
    with pytest.raises(FlagError) as raised:
        node(*arguments)
    assert str(raised.value).startswith(reason)


def test_fault_points_are_armed_by_the_environment() -> None:
    with pytest.raises(FlagError, match=r"FAULT: 'keeper\.wrote:x' must be"):
        node(FAULT="keeper.wrote:x")


def test_a_node_that_is_told_to_finish_while_its_actors_are_loaded_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(node_module, "STOP_SECONDS", 0.2)
    log = io.StringIO()
    one = node(f"--actor=a={__name__}:Importing", f"--actor=b={__name__}:Keeper", log=log)

    def finish() -> None:
        assert Importing.begun.wait(DEADLINE_SECONDS)
        one.finish()

    thread = threading.Thread(target=finish)
    thread.start()
    try:
        one.start()
        assert one.wait() == 1
    finally:
        Importing.let.set()
        thread.join()
    assert "node started" not in events(log)
    assert "actors did not finish" in events(log)
