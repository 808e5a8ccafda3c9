"""A framework as the allocator sees it, and its subscriptions to roles."""

from __future__ import annotations

from collections.abc import Mapping

from actors.master.allocator.agent import Traits
from actors.master.allocator.constraints import Constraints
from actors.master.allocator.minimum import Minimum
from actors.master.allocator.role import Role
from actors.master.allocator.sorter import Client
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo

_Type = FrameworkInfo.Capability.Type


class Framework:
    """A framework; one of which only allocations are known has no `info` yet."""

    def __init__(self, framework_id: str) -> None:
        self.id = framework_id
        self.info: FrameworkInfo | None = None
        self.roles: tuple[str, ...] = ()
        #: Roles for which it wants no offers for the time being, in the order in which it said so.
        self.suppressed: dict[str, None] = {}
        #: Whether its scheduler is connected.
        self.active = False
        self.capabilities: frozenset[_Type] = frozenset()
        self.minimums: Mapping[str, Minimum] = {}
        self.constraints: Mapping[str, Constraints] = {}
        #: By role: those to which it is subscribed, and those in which it holds resources.
        self.subscriptions: dict[str, Subscription] = {}
        #: Until when it wants no inverse offer, by agent id.
        self.inverse_refusals: dict[str, float] = {}

    def describe(self, info: FrameworkInfo, constraints: Mapping[str, Constraints]) -> None:
        """Take over what the framework says about itself."""
        self.info = info
        self.capabilities = frozenset(each.type for each in info.capabilities if each.type is not None)
        self.roles = roles_of(info)
        self.constraints = constraints
        minimums = {role: Minimum.of(filters) for role, filters in info.offer_filters.items()}
        self.minimums = {role: minimum for role, minimum in minimums.items() if minimum is not None}


class Subscription:
    """A framework in a role: the one who gets offers.

    It has a bit of its own, by which sets of subscriptions are integers.
    """

    __slots__ = ("bit", "client", "framework", "holdings", "kinds", "minimum", "role")

    #: The subscription among all that take offers.
    client: Client[Subscription]

    def __init__(self, framework: Framework, role: Role, bit: int, minimum: Minimum) -> None:
        self.framework = framework
        self.role = role
        self.bit = bit
        #: On how many agents it holds anything.
        self.holdings = 0
        #: The kinds of resources that the framework can deal with (`capability`).
        self.kinds = 0
        #: What an offer must hold.
        self.minimum = minimum

    @property
    def is_subscribed(self) -> bool:
        """Whether the framework is subscribed to the role, or only holds resources in it."""
        return self.role.path in self.framework.roles

    @property
    def is_open(self) -> bool:
        """Whether it takes offers at present."""
        framework = self.framework
        return framework.active and self.is_subscribed and self.role.path not in framework.suppressed

    def wants(self, agent: AgentInfo) -> bool:
        """Whether the framework's constraints for the role admit the agent."""
        constraints = self.framework.constraints.get(self.role.path)
        return constraints is None or constraints.wants(agent)

    def lacks(self, traits: Traits) -> list[str]:
        """Why framework and role cannot have agents of such traits; empty when they can."""
        capabilities = self.framework.capabilities
        lacks = []
        if traits.has_gpus and _Type.GPU_RESOURCES not in capabilities:
            lacks.append("the agent has gpus, and the framework is not GPU_RESOURCES capable")
        if traits.is_remote and _Type.REGION_AWARE not in capabilities:
            lacks.append("the agent is in another region, and the framework is not REGION_AWARE")
        if not traits.is_multi_role and _Type.MULTI_ROLE in capabilities:
            lacks.append("the framework is MULTI_ROLE, and the agent is not")
        if not traits.knows_hierarchical_roles and "/" in self.role.path:
            lacks.append("the role is hierarchical, and the agent is not HIERARCHICAL_ROLE capable")
        return lacks


def roles_of(info: FrameworkInfo) -> tuple[str, ...]:
    """The roles that a framework is subscribed to, each once (mesos-protocol.md §2.5)."""
    is_multi_role = any(each.type is _Type.MULTI_ROLE for each in info.capabilities)
    return tuple(dict.fromkeys(info.roles)) if is_multi_role else (info.role or "*",)
