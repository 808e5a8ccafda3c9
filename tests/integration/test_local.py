"""`pion local`: a cluster on this machine whose tasks survive the death of its daemons."""

from __future__ import annotations

import collections
import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actors.cli.client import Client
from actors.cli.parser import CommandError
from actors.election.standalone import StandaloneDetector
from actors.pykka_system import PykkaSystem
from frameworks.scheduler import Scheduler
from tests.benchmarks.launch.cluster import free_port
from transport.messages.node import DescribeNode, NodeDescription
from transport.pid import Address, Pid
from transport.records.command import CommandInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import TaskID
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

_ROOT = Path(__file__).parent.parent.parent
_DEADLINE_SECONDS = 120.0
_RESOURCES = "cpus:4;mem:4096;disk:1024;ports:[31000-31100]"


class Local:
    """A running `pion local`."""

    def __init__(self, port: int, work_dir: Path, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.work_dir = work_dir
        self.process = process

    @property
    def master(self) -> str:
        return f"127.0.0.1:{self.port}"

    def daemon(self, number: int) -> int:
        """The process number of the master (0) or the agent (1)."""
        address = Address("127.0.0.1", self.port + 1000 + number)
        with Client(address, None, _DEADLINE_SECONDS) as client:
            return client.ask(address, DescribeNode(), NodeDescription).process

    def kill(self, number: int) -> None:
        """Kill a daemon, and wait until another has taken its place."""
        process = self.daemon(number)
        os.kill(process, signal.SIGKILL)

        def replaced() -> bool:
            with contextlib.suppress(CommandError):
                return self.daemon(number) != process
            return False

        wait_until(replaced)

    def processes(self) -> list[int]:
        """All that belong to it, by their command lines."""
        found = subprocess.run(
            ["pgrep", "-f", str(self.work_dir)], capture_output=True, text=True, check=False
        )
        return [int(line) for line in found.stdout.split() if int(line) != self.process.pid]


def wait_until(condition: Callable[[], object], seconds: float = _DEADLINE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with running_local(tmp_path) as cluster:
        yield cluster


@contextlib.contextmanager
def running_local(tmp_path: Path) -> Iterator[Local]:
    """A cluster that is ended with all that belongs to it."""
    port = free_port(1, 1000, 1001)
    command = [
        sys.executable,
        "-m",
        "actors.cli.pion",
        "local",
        f"--work_dir={tmp_path}",
        f"--port={port}",
        f"--resources={_RESOURCES}",
    ]
    process = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    cluster = Local(port, tmp_path, process)
    try:
        for line in process.stdout:
            if line.startswith("Ctrl-C"):
                break
        assert process.poll() is None, "pion local did not start"
        reader = threading.Thread(target=process.stdout.read)
        reader.start()
        yield cluster
        process.send_signal(signal.SIGTERM)
        assert process.wait(_DEADLINE_SECONDS) == 0
        reader.join(_DEADLINE_SECONDS)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    wait_until(lambda: not cluster.processes(), 20)


class Sleepers(Scheduler):
    """Launches some tasks, and notes what it is told of each."""

    def __init__(self, detector: Pid, tasks: int, gate: Path) -> None:
        framework = FrameworkInfo(
            user="root",
            name="sleepers",
            checkpoint=True,
            failover_timeout=600.0,
            capabilities=(FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.PARTITION_AWARE),),
        )
        super().__init__(framework, detector)
        self._left = tasks
        self._gate = gate
        self.told: collections.defaultdict[str, list[TaskStatus]] = collections.defaultdict(list)

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            tasks = [self._task(offer, number) for number in range(self._left)]
            self._left = 0
            if tasks:
                self.launch([offer], tasks)
            else:
                self.decline([offer])

    def update(self, status: TaskStatus) -> None:
        if status.uuid is not None:
            self.told[status.task_id.value].append(status)

    def in_state(self, state: TaskState) -> int:
        return sum(told[-1].state is state for told in list(self.told.values()))

    def _task(self, offer: Offer, number: int) -> TaskInfo:
        return TaskInfo(
            name="sleeper",
            task_id=TaskID(value=f"sleeper-{number}"),
            agent_id=offer.agent_id,
            resources=tuple(Resources.parse("cpus:0.1;mem:32")),
            # Exits when the test lets it.
            command=CommandInfo(value=f"while [ ! -e {self._gate} ]; do sleep 0.1; done; exit 3"),
        )


def test_tasks_survive_agent_and_master_and_every_status_is_told_exactly_once(
    local: Local, tmp_path: Path
) -> None:
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    try:
        master = Pid("master", "127.0.0.1", local.port + 1000)
        detector = system.spawn(lambda: StandaloneDetector(master), "detector")
        scheduler = Sleepers(detector, 5, tmp_path / "go")
        system.spawn(lambda: scheduler, "scheduler")
        wait_until(lambda: scheduler.in_state(TaskState.TASK_RUNNING) == 5)

        local.kill(1)
        local.kill(0)
        (tmp_path / "go").touch()
        wait_until(lambda: scheduler.in_state(TaskState.TASK_FAILED) == 5)
    finally:
        system.stop(2.0)

    for told in scheduler.told.values():
        assert [status.state for status in told] == [
            TaskState.TASK_STARTING,
            TaskState.TASK_RUNNING,
            TaskState.TASK_FAILED,
        ]
        assert len({status.uuid for status in told}) == 3
        assert told[-1].message == "Command exited with status 3"


def test_words_are_counted_though_agent_and_master_are_killed_meanwhile(local: Local, tmp_path: Path) -> None:
    folder = tmp_path / "words"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.txt").write_text("meson boson meson " * (number + 1), encoding="utf-8")
    command = [sys.executable, "-m", "frameworks.examples.word_count", f"--master={local.master}"]
    options = [f"--folder={folder}", "--parts=6", "--seconds=3"]
    with subprocess.Popen([*command, *options], cwd=_ROOT, stdout=subprocess.PIPE, text=True) as counting:
        slaves = local.work_dir / "agent" / "slaves"
        wait_until(lambda: any(slaves.glob("*/frameworks/*/executors/*/runs/latest/stdout")))
        local.kill(1)
        local.kill(0)
        said, _ = counting.communicate(timeout=_DEADLINE_SECONDS)
    assert counting.returncode == 0
    assert said.startswith("234 words in 12 files"), said
    assert re.search(r"156\s+meson\n\s+78\s+boson", said), said


def test_no_task_is_left_though_the_agent_has_just_died(local: Local) -> None:
    command = [sys.executable, "-m", "actors.cli.pion", "execute", f"--master={local.master}", "--name=long"]
    with subprocess.Popen(
        [*command, f"--command=sleep 1000; : {local.work_dir}"], cwd=_ROOT, stdout=subprocess.PIPE, text=True
    ) as execute:
        assert execute.stdout is not None
        assert any("TASK_RUNNING" in line for line in execute.stdout)
        os.kill(local.daemon(1), signal.SIGKILL)
        local.process.send_signal(signal.SIGTERM)
        assert local.process.wait(_DEADLINE_SECONDS) == 0
        execute.kill()
    assert local.processes() == []


def test_the_trace_tells_the_whole_story_of_a_task(local: Local) -> None:
    pion = [sys.executable, "-m", "actors.cli.pion"]
    execute = ["execute", f"--master={local.master}", "--name=story", "--command=echo told"]
    done = subprocess.run([*pion, *execute], cwd=_ROOT, capture_output=True, text=True, check=True)
    assert "TASK_FINISHED for task 'story'" in done.stdout

    show = ["trace", "story", "story", "--node", f"127.0.0.1:{local.port + 1000}", "--cluster"]
    story = subprocess.run([*pion, *show], cwd=_ROOT, capture_output=True, text=True, check=True).stdout
    for step in ("AcceptOffers", "RunTask", "LaunchExecutor", "LaunchTask", "LaunchContainer", "TaskUpdate"):
        assert step in story, story
