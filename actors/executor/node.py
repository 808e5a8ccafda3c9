"""The executor node: a process beside the agent, which is the parent of all that the agent runs.

    python -m actors.executor.node --work_dir=RUNTIME_DIR --ip=IP [--recovery_timeout=15mins] …

It listens on a free port and tells it in RUNTIME_DIR (`whereabouts`). The agent starts it (`child_node`), may
die and come back, and finds it there; a second one on the same folder refuses to start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from actors.cli.daemon import Daemon, run
from actors.cli.parser import CommandError
from actors.executor import whereabouts
from actors.executor.checks.prober import PROBER, Prober, Probes
from actors.executor.consoles import CONSOLES, Consoles
from actors.executor.containerizer import CONTAINERIZER, ContainerizerProcess, Delay
from actors.executor.guests import GUESTS, Guests
from actors.executor.host import EXECUTORS, ExecutorHost
from actors.executor.meter import METER, Meter
from actors.executor.sandboxes import SANDBOXES, NestedSandboxes
from actors.flags import FlagError, flag, required
from actors.metrics import Registry
from actors.node.flags import DaemonFlags, is_port
from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.system import Restart
from actors.units import Duration
from containerizers.containerizer import Notify, Usage
from containerizers.process import ProcessContainerizer
from containerizers.sandbox import make_nested, remove_nested
from containerizers.switchboard import Switchboard
from transport.messages.hosting import LaunchExecutor
from transport.pid import Pid
from transport.records.task import TaskInfo


class ExecutorNodeFlags(DaemonFlags):
    """An agent starts its executor node itself; there is no need to do so by hand."""

    work_dir: Path | None = required("The agent's runtime directory.")
    actor_port: int | None = flag(0, "Port for messages between actors; 0 for a free one.", check=is_port)
    recovery_timeout: Duration = flag(
        Duration.of(900), "How long to wait for an agent to come back before all tasks are ended."
    )


class ExecutorCrew:
    """The actors of an executor node."""

    def __init__(self, flags: ExecutorNodeFlags) -> None:
        assert flags.work_dir is not None
        self._runtime_dir = flags.work_dir.absolute()
        self._recovery_timeout_seconds = flags.recovery_timeout.seconds

    def __call__(self, system: PykkaSystem, metrics: Registry) -> None:
        """See `Crew`; then tell where they are."""
        make = ProcessContainerizers(self._runtime_dir)
        system.spawn(lambda: Consoles(make.switchboard), CONSOLES, restart=Restart(), vital=True)
        system.spawn(lambda: ContainerizerProcess(make), CONTAINERIZER, restart=Restart(), vital=True)
        system.spawn(
            lambda: NestedSandboxes(make_nested, remove_nested), SANDBOXES, restart=Restart(), vital=True
        )
        system.spawn(lambda: Meter(make.usage), METER, restart=Restart(), vital=True)
        system.spawn(Guests, GUESTS, restart=Restart(), vital=True)
        system.spawn(lambda: Prober(_probes), PROBER, restart=Restart(), vital=True)
        patience = self._recovery_timeout_seconds
        system.spawn(
            lambda: ExecutorHost(_command_executor, _default_executor, patience, os.getpid()),
            EXECUTORS,
            restart=Restart(),
            vital=True,
        )
        whereabouts.write(self._runtime_dir, system.address)


class ProcessContainerizers:
    """Makes containerizers of processes, one after the other: each comes when the one before is of no use."""

    def __init__(self, runtime_dir: Path) -> None:
        self._runtime_dir = runtime_dir
        self._present: ProcessContainerizer | None = None
        #: Holds the consoles of all containers, whichever of them made these.
        self.switchboard = Switchboard()

    def __call__(self, notify: Notify, _delay: Delay) -> ProcessContainerizer:
        """Make the next one."""
        if self._present is not None:
            self._present.close()
        self._present = ProcessContainerizer(self._runtime_dir, notify, self.switchboard)
        return self._present

    def usage(self) -> Mapping[str, Usage]:
        """What all containers use; may take a while."""
        return {} if self._present is None else self._present.usage()


# Imported when they are first called for: a node that hosts no task groups needs nothing of their executor.


def _probes() -> Probes:
    from containerizers.probe import ProbePool  # noqa: PLC0415  as said above

    return ProbePool()


def _command_executor(
    launch: LaunchExecutor, agent: Pid, containerizer: Pid, adopted: TaskInfo | None = None
) -> Process:
    from actors.executor.command import CommandExecutor  # noqa: PLC0415

    return CommandExecutor(launch, agent, containerizer, adopted)


def _default_executor(launch: LaunchExecutor, agent: Pid, containerizer: Pid) -> Process:
    from actors.executor.default import DefaultExecutor  # noqa: PLC0415

    return DefaultExecutor(launch, agent, containerizer)


def main() -> int:
    """Host executors until told to stop."""
    daemon = Daemon(name="executor-node", flags=ExecutorNodeFlags, prefix="PION_EXECUTOR_", crew=ExecutorCrew)
    try:
        return run(daemon, sys.argv[1:], os.environ)
    except (CommandError, FlagError, OSError) as error:
        sys.stderr.write(f"executor-node: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
