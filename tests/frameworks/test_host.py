"""Schedulers of commands, on threads and sockets."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.cli.parser import CommandError
from actors.election.standalone import StandaloneDetector
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from frameworks import host
from frameworks.scheduler import Scheduler
from transport.messages.scheduling import SchedulerError, Subscribe
from transport.pid import Address, Pid
from transport.records.framework import FrameworkInfo

INFO = FrameworkInfo(user="root", name="short")


class Refusing(Process):
    """A master that lets nobody in."""

    @handles(Subscribe)
    def subscribe(self, sender: Pid, message: Subscribe) -> None:
        self.send(sender, SchedulerError("no"))


class Short(Scheduler):
    """Ends when it is refused, and remembers why."""

    reason = ""

    def error(self, message: str) -> None:
        self.reason = message
        self.terminate()


class Patient(Scheduler):
    """Has the process told to end, as `kill` does, once it is there."""

    def initialize(self) -> None:
        super().initialize()
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()


@pytest.fixture
def master() -> Iterator[Pid]:
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    master = system.spawn(Refusing, "master")
    system.spawn(lambda: StandaloneDetector(master.whoever()), "detector")
    yield system.pid_of("master")
    system.stop()


def test_a_scheduler_is_hosted_until_it_ends(master: Pid) -> None:
    before = signal.getsignal(signal.SIGTERM)
    scheduler = host.run(lambda detector: Short(INFO, detector), master)
    assert scheduler.reason == "no"
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_ends_a_scheduler_that_waits_for_its_master() -> None:
    with pytest.raises(KeyboardInterrupt):
        host.run(lambda detector: Patient(INFO, detector), Pid("master", "127.0.0.1", 1))


def test_a_host_that_cannot_be_reached_is_told() -> None:
    with pytest.raises(CommandError, match=r"there is no way to master@a\.\.b:6050: this cannot be the name"):
        host.run(lambda detector: Short(INFO, detector), Pid("master", "a..b", 6050))


def test_a_secret_that_cannot_be_read_is_told_by_its_flag(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--secret_file: "):
        host.run(
            lambda detector: Short(INFO, detector),
            Pid("master", "127.0.0.1", 6050),
            secret_file=tmp_path / "no",
        )
