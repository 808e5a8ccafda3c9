"""The executor node: a process beside the agent, which is the parent of all that the agent runs.

    python -m actors.executor.node --work_dir=RUNTIME_DIR --ip=IP [--recovery_timeout=15mins] …

It listens on a free port and tells it in RUNTIME_DIR (`whereabouts`). The agent starts it (`child_node`), may
die and come back, and finds it there; a second one on the same folder refuses to start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from actors.agent.boot import read_boot_id
from actors.agent.container_flags import ContainerFlags, given
from actors.agent.container_rules import cache_dir, isolated_ports, left_out, read_ports, rules_of
from actors.cli.daemon import Daemon, run
from actors.cli.parser import CommandError
from actors.executor import whereabouts
from actors.executor.checks.prober import PROBER, Prober, Probes
from actors.executor.child_node import PREFIX
from actors.executor.consoles import CONSOLES, Consoles
from actors.executor.containerizer import CONTAINERIZER, ContainerizerProcess
from actors.executor.containerizers import Containerizers
from actors.executor.containment.containment import Containment
from actors.executor.fetcher import FETCHER, Fetcher
from actors.executor.fetches import LateFetches
from actors.executor.gauges import (
    ContainerMetrics,
    DiskMetrics,
    FetcherMetrics,
    GpuMetrics,
    PortsMetrics,
)
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
from containerizers.fetcher.settings import FetchSettings
from containerizers.fetcher.store import clear
from containerizers.gpu import GpuReader
from containerizers.sandbox import make_nested, remove_nested
from transport.messages.hosting import LaunchExecutor
from transport.pid import Pid
from transport.records.task import TaskInfo


class ExecutorNodeFlags(ContainerFlags, DaemonFlags):
    """An agent starts its executor node itself; there is no need to do so by hand."""

    work_dir: Path | None = required("The agent's runtime directory.")
    actor_port: int | None = flag(0, "Port for messages between actors; 0 for a free one.", check=is_port)
    recovery_timeout: Duration = flag(
        Duration.of(900), "How long to wait for an agent to come back before all tasks are ended."
    )
    agent_work_dir: Path = flag(Path("/"), "The agent's work directory.")
    agent_ports: str = flag("[]", "The ports that the agent offers.")


class ExecutorCrew:
    """The actors of an executor node; raises FlagError for flags that cannot be used."""

    def __init__(self, flags: ExecutorNodeFlags) -> None:
        assert flags.work_dir is not None
        self._flags = flags
        self._runtime_dir = flags.work_dir.absolute()
        self._agent_ports = read_ports("agent_ports", flags.agent_ports)
        self._isolated_ports = isolated_ports(flags)
        self._rules = rules_of(flags, flags.agent_work_dir.absolute(), self._runtime_dir)

    def __call__(self, system: PykkaSystem, metrics: Registry) -> None:
        """See `Crew`; then tell where they are."""
        fetches = self._fetches(system.fault)
        make = Containerizers(
            self._runtime_dir,
            self._flags,
            system.fault,
            lambda sentence: system.log.warning("containers go without", reason=sentence),
        )
        fetched, contained = FetcherMetrics(), ContainerMetrics()
        fetched.read_from(lambda: fetches.statistics)
        contained.read_from(make.destroy_errors, make.pull_seconds)
        metrics.add(fetched)
        metrics.add(contained)
        gpus = GpuReader()
        if gpus.is_there:
            shown = GpuMetrics()
            shown.read_from(gpus.read, make.processes)
            metrics.add(shown)
        self._clear_cache(system)
        containment = Containment(self._rules, os.path.realpath)
        for isolator in left_out(self._flags):
            system.log.warning(
                "isolator left out", isolator=isolator, reason="needs root, and control groups"
            )
        boot_id = read_boot_id()
        spawn = partial(system.spawn, restart=Restart(), vital=True)
        spawn(lambda: Consoles(make.switchboard), CONSOLES)
        spawn(lambda: Fetcher(lambda _delay: fetches), FETCHER)
        spawn(lambda: ContainerizerProcess(make, boot_id), CONTAINERIZER)
        spawn(lambda: NestedSandboxes(make_nested, remove_nested), SANDBOXES)
        spawn(lambda: Meter(make.usage), METER)
        self._watch(spawn, make, metrics)
        spawn(Guests, GUESTS)
        spawn(lambda: Prober(_probes), PROBER)
        spawn(lambda: self._host(containment), EXECUTORS)
        whereabouts.write(self._runtime_dir, system.address, given(self._flags)[0])

    def _clear_cache(self, system: PykkaSystem) -> None:
        """Remove what a node that died left of fetched files."""
        try:
            clear(str(cache_dir(self._flags).absolute()))
        except OSError as error:
            system.log.warning("cache of fetched files not cleared", reason=str(error))

    def _host(self, containment: Containment) -> ExecutorHost:
        patience = self._flags.recovery_timeout.seconds
        command = partial(_command_executor, containment)
        default = partial(_default_executor, containment)
        return ExecutorHost(command, default, patience, os.getpid(), containment)

    def _fetches(self, fault: Callable[[str], None]) -> LateFetches:
        flags = self._flags
        return LateFetches(
            FetchSettings(
                cache_dir=str(cache_dir(flags).absolute()),
                cache_bytes=flags.fetcher_cache_size.bytes,
                stall_timeout_seconds=flags.fetcher_stall_timeout.seconds,
                frameworks_home=flags.frameworks_home,
                hidden=(str(flags.agent_work_dir.absolute()), str(self._runtime_dir)),
            ),
            fault,
        )

    def _watch(self, spawn: Callable[..., Pid], make: Containerizers, metrics: Registry) -> None:
        """Start those who look at the containers from time to time."""
        flags = self._flags
        if self._rules.isolates("disk/du"):
            from actors.executor.disk_watch import DISK_WATCH, DiskWatch  # noqa: PLC0415  only where asked for
            from containerizers.disk import FolderCount  # noqa: PLC0415  likewise

            disks = DiskMetrics()
            metrics.add(disks)
            interval = flags.container_disk_watch_interval.seconds
            enforces = flags.enforce_container_disk_quota
            spawn(
                lambda: DiskWatch(FolderCount, interval_seconds=interval, enforces=enforces, metrics=disks),
                DISK_WATCH,
            )
        if self._rules.isolates("network/ports"):
            from actors.executor.ports_watch import PORTS_WATCH, PortsSettings, PortsWatch  # noqa: PLC0415
            from containerizers.ports import PortScan  # noqa: PLC0415  likewise

            ports = PortsMetrics()
            metrics.add(ports)
            settings = PortsSettings(
                interval_seconds=flags.container_ports_watch_interval.seconds,
                enforces=flags.enforce_container_ports,
                agent_ports=self._agent_ports,
                agent_range_only=flags.check_agent_port_range_only,
                isolated_ports=self._isolated_ports,
            )
            spawn(lambda: PortsWatch(PortScan(make.processes), settings, ports), PORTS_WATCH)


# Imported when they are first called for: a node that hosts no task groups needs nothing of their executor.


def _probes() -> Probes:
    from containerizers.probe import ProbePool  # noqa: PLC0415  as said above

    return ProbePool()


def _command_executor(
    containment: Containment,
    launch: LaunchExecutor,
    agent: Pid,
    containerizer: Pid,
    adopted: TaskInfo | None = None,
) -> Process:
    from actors.executor.command import CommandExecutor  # noqa: PLC0415

    return CommandExecutor(launch, agent, containerizer, adopted, containment)


def _default_executor(
    containment: Containment, launch: LaunchExecutor, agent: Pid, containerizer: Pid
) -> Process:
    from actors.executor.default import DefaultExecutor  # noqa: PLC0415

    return DefaultExecutor(launch, agent, containerizer, containment)


def main() -> int:
    """Host executors until told to stop."""
    daemon = Daemon(name="executor-node", flags=ExecutorNodeFlags, prefix=PREFIX, crew=ExecutorCrew)
    try:
        return run(daemon, sys.argv[1:], os.environ)
    except (CommandError, FlagError, OSError) as error:
        sys.stderr.write(f"executor-node: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
