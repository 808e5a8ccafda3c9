"""A framework's own executor as a process: what the command of its ExecutorInfo comes to.

    if __name__ == "__main__":
        sys.exit(run_executor(Sleeper))

or, without any program, `python -m actors.executor.driver sleeper:Sleeper`.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from msgspec.structs import replace

from actors.brief_log import BriefLog
from actors.executor.executor import Executor
from actors.executor.settings import PRIVATE_PREFIX, ExecutorSettings
from actors.executor.watcher import Watcher
from actors.pykka_system import PykkaSystem
from actors.trace.tracer import Tracer
from transport.limits import Limits
from transport.pid import Address
from transport.route import own_host
from transport.secret import Secret, read_secret

#: Makes an executor; its class does, unless its constructor wants more.
Make: TypeAlias = Callable[[ExecutorSettings], Executor]

#: The name of the executor's actor on its node.
EXECUTOR = "executor"
#: Messages that are remembered: few, because nobody asks here; but all belong to the story of their task.
_TRACED = 64
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
#: The secret file of the agent's network of actors, if it has one; the file must be the executor's user's.
_SECRET_FILE = f"{PRIVATE_PREFIX}SECRET_FILE"


def run_executor(make: Make, environment: Mapping[str, str] | None = None) -> int:
    """Be an executor until it ends; returns the exit status, which is 0 unless it crashed.

    The agent says in the environment who the executor is and where the agent is. Raises ValueError when it
    does not, and OSError when there is no network.
    """
    environment = os.environ if environment is None else environment
    settings = ExecutorSettings.read(environment)
    executor = make(settings)
    level = _level(environment)
    system = PykkaSystem(
        bind=Address(own_host(settings.agent.address), 0),
        secret=_secret(environment),
        limits=network_limits(settings),
        logger=lambda pid: BriefLog(pid.name, level),
        network_log=BriefLog("network", level).info,
    )
    system.tracer = Tracer("", now=system.now, wall=system.wall, capacity=_TRACED)
    system.start()
    system.tracer.node = str(system.address)
    try:
        gone = threading.Event()
        pid = system.spawn(lambda: executor, EXECUTOR)
        system.spawn(lambda: Watcher(pid, gone.set), "watcher")
        gone.wait()
    finally:
        system.stop()
    return 0 if executor.ended else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the executor class named `module:Class`, looked up from the working directory too."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m actors.executor.driver module:Class\n")
        return 2
    try:
        return run_executor(_load(arguments[0]))
    except (ValueError, OSError) as error:
        sys.stderr.write(f"executor: {error}\n")
        return 1


def _load(name: str) -> Make:
    module, _, kind = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), kind)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{name}: cannot be loaded: {error}") from None
    is_executor = isinstance(found, type) and issubclass(found, Executor)
    if not is_executor:
        raise ValueError(f"{name}: is not a subclass of actors.executor.executor.Executor")
    make: Make = found
    return make


def network_limits(settings: ExecutorSettings) -> Limits:
    """Those of every node, but an agent that was away is dialed again before it gives the executor up."""
    usual = Limits()
    return replace(usual, backoff_max_seconds=min(usual.backoff_max_seconds, settings.pause_max_seconds))


def _level(environment: Mapping[str, str]) -> str:
    # Not INFO, as for daemons: each try to reach an agent that is away would stand in the sandbox.
    level = environment.get("MESOS_LOGGING_LEVEL", "WARNING")
    if level not in _LEVELS:
        raise ValueError(f"MESOS_LOGGING_LEVEL={level}: must be one of {', '.join(_LEVELS)}")
    return level.lower()


def _secret(environment: Mapping[str, str]) -> Secret | None:
    path = environment.get(_SECRET_FILE)
    return None if path is None else read_secret(Path(path))


if __name__ == "__main__":
    sys.exit(main())
