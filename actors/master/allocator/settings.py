"""How the allocator was told to decide: the master's flags."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Named after the master's flags, with their defaults."""

    allocation_interval_seconds: float = 1.0
    #: Alternatives of which an offer must satisfy one; empty for none.
    min_allocatable_resources: str = "cpus:0.01|mem:32"
    #: Keep agents with gpus for frameworks that can use them.
    filter_gpu_resources: bool = True
    fair_sharing_excluded_resource_names: tuple[str, ...] = ()
    #: "drf" or "random".
    role_sorter: str = "drf"
    framework_sorter: str = "drf"
    #: After a failover with quotas: the share of the agents to wait for, and for how long.
    allocator_agent_recovery_factor: float = 0.8
    allocator_recovery_timeout_seconds: float = 600.0
    #: The region of the master; agents elsewhere are for frameworks that are REGION_AWARE.
    region: str | None = None

    @property
    def leaves_to_chance(self) -> bool:
        """Whether chance decides anything but the order of agents."""
        return "random" in (self.role_sorter, self.framework_sorter)
