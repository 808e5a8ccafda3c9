"""A master, an agent that can be killed and started again, and a framework with executors of its own."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actors.cli.children import Child, Children
from actors.process import handles
from actors.pykka_system import PykkaSystem
from frameworks.scheduler import Scheduler
from tests.benchmarks.launch.cluster import free_port
from tests.integration.masters import wait_until
from transport.message import DomesticMessage
from transport.pid import Address, Pid
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ExecutorID, TaskID
from transport.records.offer import Filters, Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskStatus
from transport.records.time_info import DurationInfo

_EXECUTOR = Path(__file__).with_name("http_executor.py")
_LEAST = tuple(Resources.parse("cpus:0.001;mem:1"))


class Order(DomesticMessage):
    """Launch tasks of one executor: their ids, and what each is told by its data."""

    executor: ExecutorInfo
    tasks: dict[str, bytes]
    grouped: bool = False


class Kill(DomesticMessage):
    """Kill a task."""

    task_id: str


class Say(DomesticMessage):
    """Send bytes to an executor."""

    executor_id: str
    data: bytes


class End(DomesticMessage):
    """Shut an executor down."""

    executor_id: str


class Close(DomesticMessage):
    """End the framework and all that it runs."""


class Orderer(Scheduler):
    """Does what it is told, and notes what it hears."""

    def __init__(self, master: str, *, checkpoint: bool) -> None:
        capabilities = (FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.PARTITION_AWARE),)
        super().__init__(
            FrameworkInfo(
                user="root",
                name="orders",
                checkpoint=checkpoint,
                failover_timeout=600.0,
                capabilities=capabilities,
            ),
            master,
        )
        self.told: collections.defaultdict[str, list[TaskStatus]] = collections.defaultdict(list)
        self.messages: list[bytes] = []
        self.failures: list[tuple[str | None, int | None]] = []
        self.closed = threading.Event()
        self._orders: collections.deque[Order] = collections.deque()
        self._offers: list[Offer] = []
        self._agent_id = ""

    @handles(Order)
    def order(self, sender: Pid, message: Order) -> None:
        self._orders.append(message)
        self._launch()

    @handles(Kill)
    def kill_it(self, sender: Pid, message: Kill) -> None:
        self.kill(message.task_id)

    @handles(Say)
    def say(self, sender: Pid, message: Say) -> None:
        self.message(self._agent_id, message.executor_id, message.data)

    @handles(End)
    def end_it(self, sender: Pid, message: End) -> None:
        self.shutdown(message.executor_id, self._agent_id)

    @handles(Close)
    def close(self, sender: Pid, message: Close) -> None:
        self.teardown()

    def torn_down(self) -> None:
        self.closed.set()

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        self._offers += offers
        self._launch()

    def rescinded(self, offer_id: str) -> None:
        self._offers = [offer for offer in self._offers if offer.id.value != offer_id]

    def update(self, status: TaskStatus) -> None:
        # The master's answers to questions say again what was told.
        if status.uuid is not None or status.reason is not TaskStatus.Reason.REASON_RECONCILIATION:
            self.told[status.task_id.value].append(status)

    def framework_message(self, agent_id: str, executor_id: str, data: bytes) -> None:
        self.messages.append(data)

    def failure(self, agent_id: str, executor_id: str | None, status: int | None) -> None:
        self.failures.append((executor_id, status))

    def _launch(self) -> None:
        if not (self._orders and self._offers):
            return
        offers, self._offers = self._offers, []
        order = self._orders.popleft()
        agent_id = offers[0].agent_id
        self._agent_id = agent_id.value
        tasks = [
            TaskInfo(
                name=task_id,
                task_id=TaskID(value=task_id),
                agent_id=agent_id,
                resources=_LEAST,
                data=data,
                executor=None if order.grouped else order.executor,
            )
            for task_id, data in order.tasks.items()
        ]
        filters = Filters(refuse_seconds=0.0)
        if order.grouped:
            self.launch_group(offers, order.executor, tasks, filters)
        else:
            self.launch(offers, tasks, filters)


class OneAgent:
    """A cluster of one agent."""

    resources = "cpus:100;mem:100000;disk:1000;ports:[31000-31100]"

    def __init__(self, children: Children, folder: Path) -> None:
        self.folder = folder
        self._children = children
        port = free_port()
        self.master = f"127.0.0.1:{port}"
        master = [f"--port={port}", "--ip=127.0.0.1", f"--work_dir={folder / 'master'}"]
        children.start("master", master, ("master",))
        self.port = free_port()
        self.start()

    def start(self, reregistration_seconds: int = 15, *flags: str) -> None:
        """Start the agent; a busy machine may keep an executor from coming back for long."""
        usual = (
            f"--master={self.master}",
            "--ip=127.0.0.1",
            f"--port={self.port}",
            f"--work_dir={self.folder / 'agent'}",
            f"--runtime_dir={self.folder / 'run'}",
            f"--resources={self.resources}",
            f"--executor_reregistration_timeout={reregistration_seconds}secs",
            "--logging_level=WARNING",
        )
        self.agent: Child = self._children.start("agent", [*usual, *flags], ("agent",))

    def kill(self) -> None:
        """Kill the agent as it stands; what it started lives on."""
        self.agent.process.kill()
        self.agent.process.wait()

    def restart(self, reregistration_seconds: int = 15, *flags: str) -> None:
        """Another agent takes its place."""
        self.kill()
        self.start(reregistration_seconds, *flags)

    def empty(self) -> None:
        """End all that runs, and the agent."""
        if self.agent.process.poll() is not None:
            self.start()
        self.agent.process.send_signal(signal.SIGUSR1)
        self.agent.process.wait(60)

    @property
    def resident_bytes(self) -> int:
        """What the agent's process has in memory."""
        pages = Path(f"/proc/{self.agent.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def sandboxes(self, executor_id: str) -> list[Path]:
        """Of every run of an executor, in no order."""
        runs = self.folder.glob(f"agent/slaves/*/frameworks/*/executors/{executor_id}/runs/*-*")
        return [run for run in runs if not run.is_symlink()]

    def journal(self, executor_id: str) -> list[dict[str, Any]]:
        """What the executor wrote down, in all of its runs."""
        return [
            json.loads(line)
            for sandbox in self.sandboxes(executor_id)
            if (sandbox / "journal").exists()
            for line in (sandbox / "journal").read_text().splitlines()
        ]

    def heard(self, executor_id: str, event: str) -> list[str | None]:
        """The tasks that an executor was told of by events of that type, in order."""
        return [words["task"] for words in self.journal(executor_id) if words.get("event") == event]

    def process(self, executor_id: str) -> int:
        """The process number of an executor that has one run."""
        wait_until(lambda: self.journal(executor_id), lambda: f"{executor_id} has been started")
        number: int = self.journal(executor_id)[0]["process"]
        return number


class Framework:
    """A framework in the hand of a test."""

    def __init__(self, master: str, *, checkpoint: bool) -> None:
        self.system = PykkaSystem(bind=Address("127.0.0.1", 0))
        self.system.start()
        self.scheduler = Orderer(master, checkpoint=checkpoint)
        self._pid = self.system.spawn(lambda: self.scheduler, "scheduler")

    def tell(self, message: DomesticMessage) -> None:
        self.system.send(self._pid, self._pid, message)

    def launch(self, executor_id: str, tasks: dict[str, bytes], grace_seconds: float = 5.0) -> None:
        """Launch tasks of an executor, by their data."""
        self.tell(Order(executor(executor_id, grace_seconds), tasks))

    def states(self, task_id: str) -> list[str]:
        """What was told of a task, as words."""
        return [status.state.name.removeprefix("TASK_") for status in self.scheduler.told[task_id]]

    def last(self, task_id: str) -> tuple[str, str]:
        """The last state of a task and its reason."""
        status = self.scheduler.told[task_id][-1]
        reason = "" if status.reason is None else status.reason.name.removeprefix("REASON_")
        return status.state.name.removeprefix("TASK_"), reason

    def until(self, task_id: str, *states: str) -> None:
        """Wait until so much was told of a task."""
        wait_until(
            lambda: self.states(task_id) == list(states),
            lambda: f"{task_id} is told as {states}: {self.scheduler.told[task_id]}",
        )

    def over(self, *task_ids: str) -> None:
        """Wait until tasks have ended."""

        def open_() -> list[str]:
            told = self.scheduler.told
            return [name for name in task_ids if not (told[name] and told[name][-1].state.terminal)]

        wait_until(lambda: not open_(), lambda: f"these have ended: {open_()[:5]}")


def executor(executor_id: str, grace_seconds: float = 5.0, command: str = "") -> ExecutorInfo:
    """The executor that is written with the standard library, unless another command is given."""
    return ExecutorInfo(
        type=ExecutorInfo.Type.CUSTOM,
        executor_id=ExecutorID(value=executor_id),
        command=CommandInfo(value=command or f"exec {sys.executable} {_EXECUTOR}"),
        resources=tuple(Resources.parse("cpus:0.1;mem:32")),
        shutdown_grace_period=DurationInfo(nanoseconds=int(grace_seconds * 1e9)),
    )


@contextlib.contextmanager
def one_agent(folder: Path) -> Iterator[OneAgent]:
    """A cluster that leaves nothing behind."""
    with Children(folder) as children:
        cluster = OneAgent(children, folder)
        try:
            yield cluster
        finally:
            cluster.empty()


@contextlib.contextmanager
def framework(cluster: OneAgent, *, checkpoint: bool = True) -> Iterator[Framework]:
    """A framework that ends with what it runs."""
    one = Framework(cluster.master, checkpoint=checkpoint)
    try:
        yield one
    finally:
        one.tell(Close())
        one.scheduler.closed.wait(20)
        one.system.stop(2.0)
