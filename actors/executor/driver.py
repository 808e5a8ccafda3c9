"""A framework's own executor as a process: what the command of its ExecutorInfo comes to.

    if __name__ == "__main__":
        sys.exit(run_executor(Sleeper))

or, without any program, `python -m actors.executor.driver sleeper:Sleeper`.
"""

from __future__ import annotations

import importlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, get_args

from msgspec.structs import replace

from actors.executor.executor import Executor
from actors.executor.settings import PRIVATE_PREFIX, ExecutorSettings
from actors.logging import Level, Logs
from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.trace.tracer import Tracer
from transport.limits import Limits
from transport.pid import Address, Pid
from transport.secret import Secret, read_secret

#: Makes an executor; its class does, unless its constructor wants more.
Make: TypeAlias = Callable[[ExecutorSettings], Executor]

#: The name of the executor's actor on its node.
EXECUTOR = "executor"
#: Messages that are remembered: few, because nobody asks here; but all belong to the story of their task.
_TRACED = 64
#: The secret file of the agent's network of actors, if it has one; the file must be the executor's user's.
_SECRET_FILE = f"{PRIVATE_PREFIX}SECRET_FILE"


class _Watcher(Process):
    """Tells when the executor is gone."""

    def __init__(self, executor: Pid, gone: threading.Event) -> None:
        self._executor = executor
        self._gone = gone

    def initialize(self) -> None:
        self.link(self._executor)

    def exited(self, pid: Pid) -> None:
        self._gone.set()


def run_executor(make: Make, environment: Mapping[str, str] | None = None) -> int:
    """Be an executor until it ends; returns the exit status, which is 0 unless it crashed.

    The agent says in the environment who the executor is and where the agent is. Raises ValueError when it
    does not, and OSError when there is no network.
    """
    environment = os.environ if environment is None else environment
    settings = ExecutorSettings.read(environment)
    executor = make(settings)
    logs = Logs(_level(environment))
    logs.install()
    system = PykkaSystem(
        bind=Address(_address_for(settings.agent.address), 0),
        secret=_secret(environment),
        limits=network_limits(settings),
        logger=logs.actor,
    )
    system.tracer = Tracer("", now=system.now, wall=system.wall, capacity=_TRACED)
    system.start()
    system.tracer.node = str(system.address)
    try:
        gone = threading.Event()
        pid = system.spawn(lambda: executor, EXECUTOR)
        system.spawn(lambda: _Watcher(pid, gone), "watcher")
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


def _level(environment: Mapping[str, str]) -> Level:
    # Not INFO, as for daemons: each try to reach an agent that is away would stand in the sandbox.
    text = environment.get("MESOS_LOGGING_LEVEL", "WARNING")
    for level in get_args(Level):
        if text == level:
            found: Level = level
            return found
    raise ValueError(f"MESOS_LOGGING_LEVEL={text}: must be one of {', '.join(get_args(Level))}")


def _secret(environment: Mapping[str, str]) -> Secret | None:
    path = environment.get(_SECRET_FILE)
    if path is None:
        return None
    return read_secret(Path(path))


def network_limits(settings: ExecutorSettings) -> Limits:
    """Those of every node, but an agent that was away is dialed again before it gives the executor up."""
    usual = Limits()
    return replace(usual, backoff_max_seconds=min(usual.backoff_max_seconds, settings.pause_max_seconds))


def _address_for(agent: Address) -> str:
    """The address of this host by which the agent reaches it; raises OSError."""
    family, _, _, _, where = socket.getaddrinfo(agent.host, agent.port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(where)  # sends nothing
        host: str = probe.getsockname()[0]
        return host


if __name__ == "__main__":
    sys.exit(main())
