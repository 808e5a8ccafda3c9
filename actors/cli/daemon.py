"""What every daemon's `main` does: read the flags, start the node, obey signals, wait for the end."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, Generic, TypeVar

import msgspec

from actors import __version__
from actors.cli.ending import end_within
from actors.cli.parser import CommandError
from actors.flags import FlagError, help_text, load
from actors.log_file import LogFile
from actors.logging import Logs
from actors.node.crew import Crew, StartError
from actors.node.daemon import MesosFlags
from actors.node.flags import DaemonFlags
from actors.node.garbage import collect_seldom
from actors.node.node import Node

F = TypeVar("F", bound=DaemonFlags)
#: The descriptor.
_STANDARD_ERROR: Final = 2
#: For what is left when all actors have ended.
_LAST_SECONDS: Final = 5.0
#: By what nohup starts, or a shell in the background. What is ignored here is ignored by all programs started
#: in turn, also by tasks, to which these may mean something; handlers are not handed down.
_OFTEN_IGNORED: Final = (signal.SIGHUP, signal.SIGQUIT)


class Daemon(msgspec.Struct, Generic[F], frozen=True, kw_only=True):
    """One kind of daemon."""

    #: What people call it, as in `pion node`.
    name: str
    flags: type[F]
    #: Before a flag's name in the environment.
    prefix: str
    #: The actors that it is there for; raises FlagError when the flags do not go together.
    crew: Callable[[F], Crew]
    #: Further signals, and what each does to the node.
    signals: Mapping[int, Callable[[Node], None]] = {}


def run(daemon: Daemon[F], words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Be that daemon until told to stop; raises FlagError, or CommandError when it cannot start.

    When it is ready it prints one line: its name, and the address at which actors reach it.
    """
    if "--help" in words:
        print(help_text(daemon.flags, f"{daemon.name} [flags]", prefix=daemon.prefix))
        return 0
    if "--version" in words:
        print(f"{daemon.name} {__version__}")
        return 0
    flags = load(daemon.flags, words, environment, prefix=daemon.prefix)
    # As with `python -m`: whoever writes actors finds them from the folder that they stand in.
    sys.path.insert(0, str(Path.cwd()))
    logs = _logs(daemon.name, flags)
    logs.install()
    # What ends a process from below (libzmq asserts, a fault in C) tells where every thread was.
    faulthandler.enable(_STANDARD_ERROR)
    node = Node(flags, logs, environment, daemon.crew(flags))
    _obey_signals(node, daemon.signals)
    try:
        node.start()
    except StartError as error:
        raise CommandError(str(error)) from None
    collect_seldom()
    if not node.finishing:
        print(f"{daemon.name} {node.address}", flush=True)
    status = node.wait()
    end_within(_LAST_SECONDS, status)
    return status


def _logs(name: str, flags: DaemonFlags) -> Logs:
    if not isinstance(flags, MesosFlags) or flags.log_dir is None:
        return Logs(flags.level)
    try:
        file = LogFile(flags.log_dir, name)
    except OSError as error:
        raise FlagError(f"--log_dir={flags.log_dir}: {error}") from None
    return Logs(flags.level, file=file, quiet=flags.quiet)


def _obey_signals(node: Node, further: Mapping[int, Callable[[Node], None]]) -> None:
    """Finish at the first SIGTERM or SIGINT; end at once at the second."""

    def finish(number: int, _frame: FrameType | None) -> None:
        if node.finishing:
            sys.stderr.flush()
            os._exit(128 + number)
        node.finish()

    def obey(number: int, _frame: FrameType | None) -> None:
        further[number](node)

    def pass_over(_number: int, _frame: FrameType | None) -> None:
        pass

    for ignored in _OFTEN_IGNORED:
        if signal.getsignal(ignored) is signal.SIG_IGN:
            signal.signal(ignored, pass_over)
    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, finish)
    for number in further:
        signal.signal(number, obey)
