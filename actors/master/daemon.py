"""What makes a node a master: its actors, put together from flags."""

from __future__ import annotations

import ipaddress
from typing import Final

from actors import __version__
from actors.flags import FlagError
from actors.master.allocator.gauges import AllocatorMetrics
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.process import AllocatorProcess
from actors.master.allocator.settings import Settings
from actors.master.flags import MasterFlags
from actors.master.master import Master
from actors.master.observer import AgentObserver
from actors.master.registrar.registrar import Registrar
from actors.master.usage import UsageMetrics
from actors.metrics import Registry
from actors.process import Process
from actors.pykka_system import PykkaSystem
from actors.state.memory import MemoryStore
from actors.state.single import SingleStore
from transport.pid import Address as NodeAddress
from transport.records.address import Address
from transport.records.master import MasterInfo

#: The names of a master's actors.
MASTER: Final = "master"
ALLOCATOR: Final = "allocator"
REGISTRAR: Final = "registrar"
STORE: Final = "store"
OBSERVER: Final = "observer"

_Capability = MasterInfo.Capability


class MasterCrew:
    """The actors of a master, all of them vital: one that crashes ends the daemon, and another reign begins.

    Raises FlagError for flags that do not go together.
    """

    def __init__(self, flags: MasterFlags) -> None:
        if flags.registry == "replicated_log" and flags.work_dir is None:
            raise FlagError("--work_dir: must be given unless --registry=in_memory")
        self._flags = flags
        self._settings = allocator_settings(flags)

    def __call__(self, system: PykkaSystem, metrics: Registry) -> None:
        """Start them: first those that others depend on."""
        flags, master = self._flags, system.pid_of(MASTER)
        store: type[Process] = MemoryStore if flags.registry == "in_memory" else SingleStore
        system.spawn(store, STORE, vital=True)
        registrar = Registrar(flags, system.pid_of(STORE))
        registrar_pid = system.spawn(lambda: registrar, REGISTRAR, vital=True)
        allocator_metrics = AllocatorMetrics()
        allocator = AllocatorProcess(
            HierarchicalAllocator(self._settings),
            master,
            flags.allocation_interval.seconds,
            allocator_metrics,
        )
        allocator_pid = system.spawn(lambda: allocator, ALLOCATOR, vital=True)
        info = master_info(flags, f"{system.rng.getrandbits(128):032x}", system.address)
        process = Master(flags, info, allocator_pid, registrar_pid)
        system.spawn(lambda: process, MASTER, vital=True)
        system.spawn(lambda: AgentObserver(flags, master), OBSERVER, vital=True)
        usage = UsageMetrics()
        usage.read_from(process.cluster, system.now)
        for one in (process.metrics, usage, allocator_metrics, registrar.metrics):
            metrics.add(one)


def allocator_settings(flags: MasterFlags) -> Settings:
    """How the allocator is to decide; raises FlagError."""
    try:
        Minimum.parse(flags.min_allocatable_resources)
    except ValueError as error:
        raise FlagError(f"--min_allocatable_resources: {error}") from None
    excluded = flags.fair_sharing_excluded_resource_names
    return Settings(
        allocation_interval_seconds=flags.allocation_interval.seconds,
        min_allocatable_resources=flags.min_allocatable_resources,
        filter_gpu_resources=flags.filter_gpu_resources,
        fair_sharing_excluded_resource_names=tuple(excluded.split(",")) if excluded else (),
        role_sorter=flags.role_sorter,
        framework_sorter=flags.framework_sorter,
        allocator_agent_recovery_factor=flags.allocator_agent_recovery_factor,
        allocator_recovery_timeout_seconds=flags.allocator_recovery_timeout.seconds,
    )


def master_info(flags: MasterFlags, reign: str, listening: NodeAddress) -> MasterInfo:
    """What a master says about itself; `reign` is its id, new at each start."""
    packed = ipaddress.ip_address(flags.advertise_host).packed
    hostname = flags.shown_hostname
    return MasterInfo(
        id=reign,
        ip=int.from_bytes(packed[:4], "little"),
        port=flags.port,
        pid=f"{MASTER}@{listening.host}:{flags.port}",
        hostname=hostname,
        version=__version__,
        address=Address(hostname=hostname, ip=flags.advertise_host, port=flags.port),
        capabilities=(
            _Capability(type=_Capability.Type.AGENT_UPDATE),
            _Capability(type=_Capability.Type.AGENT_DRAINING),
            _Capability(type=_Capability.Type.QUOTA_V2),
        ),
    )
