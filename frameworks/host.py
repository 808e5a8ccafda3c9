"""Runs a framework's actors in a node of their own, for commands: until its scheduler has ended."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from actors.brief_log import BriefLog
from actors.cli.parser import CommandError
from actors.election.address import LeaderSource, spawn_detector
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from transport.message import Message
from transport.pid import Address, Pid
from transport.route import own_host
from transport.secret import SecretError, read_secret

S = TypeVar("S", bound=Process)

#: How long what is not sent yet may hold up the end.
_CLOSE_SECONDS = 0.5
#: How long one question to the watch may take; then it is asked again.
_QUESTION_SECONDS = 3600.0


class AwaitEnd(Message):
    """Answered by Ended when the scheduler has."""


class Ended(Message):
    """It has."""


class Watch(Process):
    """Answers when the actor that it watches has ended."""

    def __init__(self, watched: Pid) -> None:
        self._watched = watched
        self._ended = False
        self._asker: Pid | None = None

    def initialize(self) -> None:
        """Begin to watch."""
        self.link(self._watched)

    def exited(self, pid: Pid) -> None:
        """It has ended."""
        self._ended = True
        self._answer()

    @handles(AwaitEnd)
    def wait(self, sender: Pid, message: AwaitEnd) -> None:
        """Answer now or then."""
        self._asker = sender
        self._answer()

    def _answer(self) -> None:
        if self._ended and self._asker is not None:
            self.send(self._asker, Ended())


def run(
    make: Callable[[Pid], S],
    leader: LeaderSource,
    *,
    name: str = "scheduler",
    secret_file: Path | None = None,
    level: str = "error",
) -> S:
    """Host the scheduler that `make` makes (from the Pid of a detector) until it has ended; return it.

    `leader` is where the leading master is found. Lines of log from `level` on go to stderr. Raises
    CommandError when there is no way there, and KeyboardInterrupt at SIGINT or SIGTERM: the scheduler then
    ends without a word, and the master gives its framework as long as it asked for.
    """
    try:
        secret = read_secret(secret_file) if secret_file else None
    except SecretError as error:
        raise CommandError(f"--secret_file: {error}") from None
    try:
        here = _own_host(leader)
    except OSError as error:
        raise CommandError(f"there is no way to {leader}: {error.strerror}") from None
    system = PykkaSystem(
        bind=Address(here, 0),
        secret=secret,
        logger=lambda pid: BriefLog(pid.name, level),
        network_log=BriefLog("network", level).info,
    )
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        system.start()
        detector = spawn_detector(system, leader)
        scheduler = make(detector)
        watched = system.spawn(lambda: scheduler, name)
        watch = system.spawn(lambda: Watch(watched), "watch")
        while not _has_ended(system, watch):
            pass
    finally:
        system.stop(_CLOSE_SECONDS)
        signal.signal(signal.SIGTERM, before)
    return scheduler


def _own_host(leader: LeaderSource) -> str:
    """The address by which others can reach this host; raises OSError."""
    servers = (leader.address,) if isinstance(leader, Pid) else leader.servers
    for server in servers[:-1]:
        with contextlib.suppress(OSError):
            return own_host(server)
    return own_host(servers[-1])


def _has_ended(system: PykkaSystem, watch: Pid) -> bool:
    try:
        system.ask(watch, AwaitEnd(), _QUESTION_SECONDS)
    except TimeoutError:
        return False
    return True
