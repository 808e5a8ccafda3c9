"""A command's way to ask running nodes: for a moment it is a node itself."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from actors.cli.parser import CommandError, UsageError, typed
from actors.logging import Logs
from actors.node.control import NODE
from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.units import Duration
from transport.messages.node import NodeRefusal
from transport.pid import Address, Pid
from transport.route import own_host
from transport.secret import Secret, SecretError, read_secret

T = TypeVar("T")

DEFAULT_NODE = Address("127.0.0.1", 6050)
#: How long what is not sent yet may hold up the end of a command.
_CLOSE_SECONDS = 0.5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what every command needs that asks a node."""
    parser.add_argument(
        "--node",
        metavar="HOST:PORT",
        type=typed(Address.parse),
        default=os.environ.get("PION_NODE", DEFAULT_NODE),
        help="the node to ask, by its actor port (default: PION_NODE in the environment, or %(default)s)",
    )
    parser.add_argument(
        "--secret_file",
        metavar="PATH",
        default=os.environ.get("PION_SECRET_FILE"),
        help="the secret that the nodes share (default: PION_SECRET_FILE in the environment)",
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        type=typed(Duration.parse),
        default=Duration.of(5),
        help="how long to wait for each answer (default: %(default)s)",
    )


class Client:
    """Asks nodes for as long as its `with` block runs.

    Each failure is a CommandError that says who did not answer, or why a request was refused.
    """

    def __init__(self, toward: Address, secret: Secret | None, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        logs = Logs("ERROR")
        logs.install()
        self._system = PykkaSystem(bind=Address(_own_host(toward), 0), secret=secret, logger=logs.actor)

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        """The client that the arguments of `configure` describe."""
        try:
            secret = read_secret(Path(arguments.secret_file)) if arguments.secret_file else None
        except SecretError as error:
            raise UsageError(f"--secret_file: {error}") from None
        return cls(arguments.node, secret, arguments.timeout.seconds)

    def __enter__(self) -> Self:
        self._system.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._system.stop(_CLOSE_SECONDS)

    @property
    def address(self) -> Address:
        """Where this command listens for answers."""
        return self._system.address

    def spawn(self, make: Callable[[], Process], name: str) -> Pid:
        """Host an actor beside the asking, for what one answer cannot give."""
        return self._system.spawn(make, name)

    def ask(self, address: Address, message: object, answer: type[T]) -> T:
        """Ask the `node` actor at `address`."""
        return self.ask_actor(Pid(NODE, *address), message, answer)

    def ask_actor(self, pid: Pid, message: object, answer: type[T]) -> T:
        """Ask any actor."""
        try:
            told = self._system.ask(pid, message, self._timeout_seconds)
        except (TimeoutError, ConnectionError) as error:
            raise CommandError(str(error)) from None
        if isinstance(told, NodeRefusal):
            raise CommandError(told.reason)
        if not isinstance(told, answer):
            raise CommandError(f"{pid} answered with {type(told).__name__}, not {answer.__name__}")
        return told


def _own_host(toward: Address) -> str:
    try:
        return own_host(toward)
    except OSError as error:
        raise CommandError(f"there is no way to {toward}: {error.strerror}") from None
