"""What the examples share: being run as commands, and bringing along an executor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import frameworks
from actors.cli.parser import CommandError
from actors.election.address import LeaderSource, parse_leader
from actors.flags import FlagError, Flags, help_text, load
from frameworks import host
from frameworks.scheduler import Scheduler
from transport.pid import Pid
from transport.records.command import CommandInfo, Environment
from transport.records.executor import ExecutorInfo
from transport.records.ids import ExecutorID
from transport.records.resources import Resources

#: What an executor needs, beside its tasks.
EXECUTOR_NEEDS = Resources.parse("cpus:0.1;mem:32")

S = TypeVar("S", bound=Scheduler)


F = TypeVar("F", bound=Flags)


def executor_command(kind: str) -> str:
    """How an executor, named `module:Class`, is started by this very Python."""
    return f"{sys.executable} -m actors.executor.driver {kind}"


def executor_info(executor_id: str, kind: str) -> ExecutorInfo:
    """An executor, named `module:Class`; the agents' hosts must have it at the same place as this one."""
    root = str(Path(frameworks.__file__).parent.parent)
    environment = Environment(variables=(Environment.Variable(name="PYTHONPATH", value=root),))
    return ExecutorInfo(
        type=ExecutorInfo.Type.CUSTOM,
        executor_id=ExecutorID(value=executor_id),
        name=kind,
        command=CommandInfo(value=executor_command(kind), environment=environment),
        resources=tuple(EXECUTOR_NEEDS),
    )


def main_of(
    name: str,
    flags_class: type[F],
    make: Callable[[F, Pid], S],
    report: Callable[[S], int],
    words: Sequence[str] | None,
) -> int:
    """Run a scheduler as a command: `make` makes it, `report` shows what came of it. Returns the status.

    The flags have one that names the master.
    """
    words = sys.argv[1:] if words is None else words
    if "--help" in words:
        sys.stdout.write(help_text(flags_class, f"{name} [flags]", prefix="PION_") + "\n")
        return 0
    try:
        flags = load(flags_class, words, os.environ, prefix="PION_")
        scheduler = host.run(
            lambda detector: make(flags, detector), _leader(flags), name=name, level="warning"
        )
    except (FlagError, CommandError, OSError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return report(scheduler)


def _leader(flags: Flags) -> LeaderSource:
    try:
        return parse_leader(str(getattr(flags, "master")))  # noqa: B009  every example has this flag
    except ValueError as error:
        raise FlagError(f"--master: {error}") from None
