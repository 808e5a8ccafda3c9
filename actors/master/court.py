"""What a reign is made of: the actors that live as long as it does, for real and in simulation alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from actors.election.address import MASTER
from actors.flags import FlagError
from actors.master.allocator.gauges import AllocatorMetrics
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.process import AllocatorProcess
from actors.master.allocator.settings import Settings
from actors.master.cluster import Cluster
from actors.master.flags import MasterFlags
from actors.master.framework_gauges import FrameworkMetrics
from actors.master.gauges import MasterMetrics
from actors.master.mandate import Mandate
from actors.master.master import Master
from actors.master.observer import AgentObserver
from actors.master.registrar.gauges import RegistrarMetrics
from actors.master.registrar.registrar import Registrar
from actors.master.usage import UsageMetrics
from actors.metrics import Metrics, Registry
from actors.process import Process
from actors.system import System
from transport.pid import Address, Pid
from transport.records.master import MasterInfo

#: The names of a reign's actors, the same in each.
ALLOCATOR: Final = "allocator"
REGISTRAR: Final = "registrar"
STORE: Final = "store"
OBSERVER: Final = "observer"


class Court:
    """Starts the actors of a reign.

    `identity` is what the master says about itself, but for its id, which is new with each candidacy.
    `make_store` makes whoever keeps the registry for one reign. `metrics` show the newest reign, and nothing
    while there is none. Raises FlagError for flags that do not go together.
    """

    def __init__(
        self,
        flags: MasterFlags,
        identity: MasterInfo,
        make_store: Callable[[Mandate], Process],
        metrics: Registry | None = None,
    ) -> None:
        self._flags = flags
        self._identity = identity
        self._make_store = make_store
        self._metrics = metrics
        self._settings = allocator_settings(flags)

    def candidate(self, reign: str) -> MasterInfo:
        """What the master says about itself in a reign of that id."""
        return replace(self._identity, id=reign)

    def open(self, system: System, here: Address, info: MasterInfo, mandate: Mandate) -> tuple[Pid, ...]:
        """Start a reign on the node at `here`: first those that others depend on."""
        flags, master = self._flags, Pid(MASTER, *here)
        store = system.spawn(lambda: self._make_store(mandate), STORE)
        registrar = Registrar(flags, store, mandate=mandate)
        registrar_pid = system.spawn(lambda: registrar, REGISTRAR)
        allocator_metrics = AllocatorMetrics()
        allocator = AllocatorProcess(
            HierarchicalAllocator(self._settings),
            master,
            flags.allocation_interval.seconds,
            allocator_metrics,
        )
        allocator_pid = system.spawn(lambda: allocator, ALLOCATOR)
        process = Master(flags, info, allocator_pid, registrar_pid, mandate=mandate)
        master_pid = system.spawn(lambda: process, MASTER)
        observer_pid = system.spawn(lambda: AgentObserver(flags, master), OBSERVER)
        usage = UsageMetrics()
        usage.read_from(process.cluster, system.now)
        frameworks = FrameworkMetrics()
        frameworks.read_from(process.cluster, of_each=flags.publish_per_framework_metrics)
        self._show(process.metrics, usage, frameworks, allocator_metrics, registrar.metrics)
        return store, registrar_pid, allocator_pid, master_pid, observer_pid

    def close(self) -> None:
        """Show that nobody reigns here."""
        metrics, usage, cluster = MasterMetrics(), UsageMetrics(), Cluster()
        metrics.read_from(cluster)
        usage.read_from(cluster, float)
        self._show(metrics, usage, FrameworkMetrics(), AllocatorMetrics(), RegistrarMetrics())

    def _show(self, *metrics: Metrics) -> None:
        if self._metrics is not None:
            for one in metrics:
                self._metrics.add(one)


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
