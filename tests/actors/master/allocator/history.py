"""Random histories of a cluster: what a master may tell an allocator, in any order.

A history keeps books of its own: who holds what, by what allocators offered and were told since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TypeVar

from msgspec.structs import replace

from actors.master.allocator.allocator import Allocation
from actors.master.allocator.constraints import Constraints, compile_constraints
from actors.master.allocator.framework import roles_of
from actors.master.allocator.hierarchical import HierarchicalAllocator
from actors.master.allocator.quota import Quota
from tests.actors.master.allocator.reference import ReferenceAllocator
from tests.transport.records.samples import Disk, dynamic, on_disk, ranges, scalar, static
from transport.records.agent import AgentInfo
from transport.records.domain import DomainInfo
from transport.records.framework import FrameworkInfo, OfferFilters
from transport.records.ids import FrameworkID
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.offer import Filters
from transport.records.offer_constraints import AttributeConstraint, OfferConstraints
from transport.records.resource import Resource
from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources
from transport.records.time_info import TimeInfo, Unavailability
from transport.records.value import Attribute, Value

ROLES = ("a", "a/x", "a/x/1", "a/y", "b", "b/z", "c", "*")
RESERVED = (
    (static("a"),),
    (dynamic("b"),),
    (dynamic("a/x"),),
    (static("a"), dynamic("a/x", "ops")),
    (dynamic("c"),),
)
_Predicate = AttributeConstraint.Predicate
_Selector = AttributeConstraint.Selector
_CONSTRAINTS = (
    _Predicate(exists=_Predicate.Exists()),
    _Predicate(not_exists=_Predicate.NotExists()),
    _Predicate(text_equals=_Predicate.TextEquals(value="r1")),
    _Predicate(text_not_equals=_Predicate.TextNotEquals(value="r1")),
    _Predicate(text_matches=_Predicate.TextMatches(regex="r[12]")),
    _Predicate(text_not_matches=_Predicate.TextNotMatches(regex="r[12]")),
)
T = TypeVar("T")
Allocators = HierarchicalAllocator | ReferenceAllocator
#: Framework, role and agent.
Holder = tuple[str, str, str]


class History:
    """Tells the same random story to some allocators; their runs must agree."""

    def __init__(self, rng: Random, allocators: Sequence[Allocators], most: int = 5) -> None:
        """With at most so many agents, and as many frameworks."""
        self.rng = rng
        self.allocators = allocators
        self.most = most
        self.now = 0.0
        self.count = 0
        self.agents: dict[str, AgentInfo] = {}
        self.totals: dict[str, Resources] = {}
        self.frameworks: dict[str, FrameworkInfo] = {}
        self.held: dict[Holder, Resources] = {}
        #: Agents that came back with less than is allocated of them.
        self.overdrawn: set[str] = set()
        self.last = Allocation()

    def begin(self, agents: int, frameworks: int) -> None:
        for _ in range(agents):
            self.add_agent()
        for _ in range(frameworks):
            self.add_framework()

    def step(self) -> str:
        """Let something happen; returns what."""
        operation, _weight = self.rng.choices(OPERATIONS, [weight for _, weight in OPERATIONS])[0]
        operation(self)
        self.now += self.rng.choice((0.0, 0.1, 1.0, 4.0))
        return operation.__name__

    def tell(self, method: str, *arguments: object, **named: object) -> list[object]:
        return [getattr(allocator, method)(*arguments, **named) for allocator in self.allocators]

    # --- agents ---

    def add_agent(self) -> None:
        if len(self.agents) >= self.most:
            return
        self.count += 1
        agent_id = f"agent{self.count}"
        info, total = self.agent_info(), self.agent_resources()
        used = self.used(total)
        capabilities = self.agent_capabilities()
        unavailability = self.unavailability() if self.rng.random() < 0.2 else None
        self.tell("add_agent", agent_id, info, capabilities, total, used, unavailability)
        self.agents[agent_id], self.totals[agent_id] = info, total
        for framework_id, resources in used.items():
            for role, allocated in resources.allocations.items():
                self.held[framework_id, role, agent_id] = allocated

    def update_agent(self) -> None:
        for agent_id in self.some(self.agents):
            info, total = self.agent_info(), self.agent_resources() if self.rng.random() < 0.5 else None
            capabilities = self.agent_capabilities() if self.rng.random() < 0.5 else None
            self.tell("update_agent", agent_id, info, capabilities, total)
            self.agents[agent_id] = info
            if total is not None:
                self.totals[agent_id] = total
                self.note_overdrawn(agent_id)

    def remove_agent(self) -> None:
        for agent_id in self.some(self.agents):
            self.tell("remove_agent", agent_id)
            self.held = {holder: held for holder, held in self.held.items() if holder[2] != agent_id}
            del self.agents[agent_id], self.totals[agent_id]
            self.overdrawn.discard(agent_id)

    def deactivate_agent(self) -> None:
        for agent_id in self.some(self.agents):
            self.tell("deactivate_agent", agent_id)

    def activate_agent(self) -> None:
        for agent_id in self.some(self.agents):
            self.tell("activate_agent", agent_id)

    def set_whitelist(self) -> None:
        hosts = [f"host{number}" for number in range(3) if self.rng.random() < 0.7]
        whitelist = None if self.rng.random() < 0.7 else hosts
        self.tell("set_whitelist", whitelist)

    # --- frameworks ---

    def add_framework(self) -> None:
        if len(self.frameworks) >= self.most:
            return
        unknown = sorted({holder[0] for holder in self.held} - self.frameworks.keys())
        self.count += 1
        framework_id = self.rng.choice([*unknown, f"framework{self.count}"])
        info, active = self.framework_info(), self.rng.random() < 0.9
        suppressed, constraints = self.suppressed(info), self.constraints(info)
        self.tell(
            "add_framework",
            framework_id,
            info,
            active=active,
            suppressed_roles=suppressed,
            constraints=constraints,
        )
        self.frameworks[framework_id] = info

    def update_framework(self) -> None:
        for framework_id in self.some(self.frameworks):
            info = self.framework_info()
            suppressed, constraints = self.suppressed(info), self.constraints(info)
            self.tell("update_framework", framework_id, info, suppressed, constraints)
            self.frameworks[framework_id] = info

    def remove_framework(self) -> None:
        for framework_id in self.some(self.frameworks):
            self.tell("remove_framework", framework_id)
            self.held = {holder: held for holder, held in self.held.items() if holder[0] != framework_id}
            del self.frameworks[framework_id]
            self.note_all_overdrawn()

    def deactivate_framework(self) -> None:
        for framework_id in self.some(self.frameworks):
            self.tell("deactivate_framework", framework_id)

    def activate_framework(self) -> None:
        for framework_id in self.some(self.frameworks):
            self.tell("activate_framework", framework_id)

    def suppress(self) -> None:
        for framework_id in self.some(self.frameworks):
            roles = self.suppressed(self.frameworks[framework_id])
            self.tell("suppress", framework_id, roles)

    def revive(self) -> None:
        for framework_id in self.some(self.frameworks):
            roles = self.suppressed(self.frameworks[framework_id])
            self.tell("revive", framework_id, roles)

    # --- roles ---

    def set_weight(self) -> None:
        weights = {self.rng.choice(ROLES): self.rng.choice((0.1, 0.5, 1.0, 2.0, 3.5))}
        self.tell("set_weights", weights)

    def set_quota(self) -> None:
        role = self.rng.choice(ROLES)
        limits = {
            name: self.rng.randrange(0, most, 500)
            for name, most in (("cpus", 16000), ("mem", 2048000), ("disk", 1000000))
            if self.rng.random() < 0.4
        }
        guarantees = {
            name: min(self.rng.randrange(500, most, 500), limits.get(name, most))
            for name, most in (("cpus", 8000), ("mem", 1024000))
            if self.rng.random() < 0.5
        }
        quota = Quota() if self.rng.random() < 0.4 else Quota(guarantees, limits)
        self.tell("set_quota", role, quota)

    # --- resources ---

    def decline(self) -> None:
        """Give back all that is held somewhere, refusing it."""
        for holder in self.some(self.held):
            seconds = self.rng.choice((None, 0.0, 0.3, 1.0, 5.0, 60.0, -1.0, float("nan"), 1e12))
            filters = Filters(refuse_seconds=seconds) if self.rng.random() < 0.8 else None
            self.recover(holder, self.held[holder], filters)

    def finish(self) -> None:
        """Give back a part of what is held somewhere."""
        for holder in self.some(self.held):
            self.recover(holder, self.part(self.held[holder]), None)

    def recover(self, holder: Holder, resources: Resources, filters: Filters | None) -> None:
        framework_id, _role, agent_id = holder
        self.tell("recover", framework_id, agent_id, resources, filters, self.now)
        self.held[holder] -= resources
        if not self.held[holder]:
            del self.held[holder]
        self.note_overdrawn(agent_id)

    def reserve(self) -> None:
        """Reserve some of what is held for the role that holds it."""
        for holder in self.some(self.held):
            framework_id, role, agent_id = holder
            unreserved = self.held[holder].unreserved.non_revocable.scalars
            consumed = self.part(unreserved).where(lambda each: each.disk is None)
            if (
                role == "*"
                or agent_id in self.overdrawn
                or not consumed
                or framework_id not in self.frameworks
            ):
                return
            self.convert(holder, ResourceConversion(consumed, consumed.push_reservation(dynamic(role))))

    def create_volume(self) -> None:
        """Make a volume of reserved disk that is held, shared or not."""
        for holder in self.some(self.held):
            framework_id, _role, agent_id = holder
            disk = self.held[holder].where(
                lambda each: each.name == "disk" and each.disk is None and bool(each.reservations)
            )
            for record in list(disk)[:1]:
                if agent_id in self.overdrawn or framework_id not in self.frameworks:
                    return
                self.count += 1
                volume = replace(
                    record,
                    disk=on_disk(f"volume{self.count}", self.rng.choice("pq")),
                    shared=self.rng.choice((None, Resource.SharedInfo())),
                )
                self.convert(holder, ResourceConversion(Resources([record]), Resources([volume])))

    def convert(self, holder: Holder, conversion: ResourceConversion) -> None:
        framework_id, role, agent_id = holder
        self.tell("update_allocation", framework_id, agent_id, role, [conversion])
        consumed, converted = conversion
        self.held[holder] = self.held[holder] - consumed + converted
        self.totals[agent_id] = self.totals[agent_id] - consumed.unallocate() + converted.unallocate()

    def reserve_available(self) -> None:
        """Reserve resources as an operator does, whether or not they are available."""
        for agent_id in self.some(self.agents):
            total = self.totals[agent_id].unreserved.non_revocable.scalars
            consumed = self.part(total.where(lambda each: each.disk is None))
            if agent_id in self.overdrawn or not consumed:
                return
            converted = consumed.push_reservation(dynamic(self.rng.choice(ROLES[:-1])))
            conversions = [ResourceConversion(consumed, converted)]
            answers = self.tell("update_available", agent_id, conversions)
            assert len({answer is None for answer in answers}) == 1
            if answers[0] is None:
                self.totals[agent_id] = self.totals[agent_id] - consumed + converted

    # --- maintenance ---

    def set_unavailability(self) -> None:
        for agent_id in self.some(self.agents):
            unavailability = self.unavailability() if self.rng.random() < 0.7 else None
            self.tell("set_unavailability", agent_id, unavailability)

    def answer_inverse_offer(self) -> None:
        for framework_id, agents in self.last.inverse_offers.items():
            for agent_id in agents:
                if agent_id not in self.agents or framework_id not in self.frameworks:
                    continue
                status = InverseOfferStatus(
                    status=InverseOfferStatus.Status.ACCEPT,
                    framework_id=FrameworkID(value=framework_id),
                    timestamp=TimeInfo(nanoseconds=0),
                )
                answer = status if self.rng.random() < 0.8 else None
                filters = Filters(refuse_seconds=self.rng.choice((None, 0.0, 3.0)))
                self.tell("answer_inverse_offer", agent_id, framework_id, answer, filters, self.now)

    # --- runs ---

    def pause(self) -> None:
        self.tell("pause")

    def resume(self) -> None:
        self.tell("resume")

    def expect_agents(self) -> None:
        count = self.rng.randint(0, 8)
        self.tell("expect_agents", count, self.now)

    def allocate(self) -> None:
        candidates = None if self.rng.random() < 0.6 else self.some(self.agents, 3)
        seed = self.rng.random()
        runs = [each.allocate(self.now, Random(seed), candidates) for each in self.allocators]
        for run in runs[1:]:
            assert run == runs[0]
        self.last = runs[0]
        for framework_id, roles in self.last.offers.items():
            for role, agents in roles.items():
                for agent_id, resources in agents.items():
                    holder = (framework_id, role, agent_id)
                    self.held[holder] = self.held.get(holder, Resources()) + resources

    # --- what there may be ---

    def some(self, things: Mapping[T, object], most: int = 1) -> list[T]:
        """Up to so many of the keys."""
        keys = list(things)
        return self.rng.sample(keys, min(most, len(keys)))

    def agent_info(self) -> AgentInfo:
        rng = self.rng
        region = DomainInfo.FaultDomain.RegionInfo(name=rng.choice(("here", "there")))
        zone = DomainInfo.FaultDomain.ZoneInfo(name=rng.choice(("r1", "z2")))
        domain = DomainInfo(fault_domain=DomainInfo.FaultDomain(region=region, zone=zone))
        text = Attribute(
            name="rack", type=Value.Type.TEXT, text=Value.Text(value=rng.choice(("r1", "r2", "r3")))
        )
        number = Attribute(name="rack", type=Value.Type.SCALAR, scalar=Value.Scalar(value=1.0))
        return AgentInfo(
            hostname=f"host{rng.randrange(3)}",
            attributes=rng.choice(((), (text,), (text,), (number,))),
            domain=domain if rng.random() < 0.4 else None,
        )

    def agent_capabilities(self) -> frozenset[AgentInfo.Capability.Type]:
        return frozenset(each for each in AgentInfo.Capability.Type if self.rng.random() < 0.9)

    def agent_resources(self) -> Resources:
        rng = self.rng
        records = [scalar("cpus", rng.randrange(1, 16) / 2), scalar("mem", rng.choice((64, 512, 1024.5)))]
        if rng.random() < 0.6:
            records.append(scalar("disk", rng.choice((100, 500))))
            records.append(ranges("ports", (31000, 31000 + rng.randrange(1, 9))))
        if rng.random() < 0.2:
            records.append(scalar("gpus", rng.randrange(0, 3)))
        if rng.random() < 0.3:
            mount = Disk.Source(type=Disk.Source.Type.MOUNT, mount=Disk.Source.Mount(root=rng.choice("mn")))
            records.append(scalar("disk", rng.choice((100, 300)), disk=on_disk(source=mount)))
        for stack in RESERVED:
            if rng.random() < 0.2:
                records.append(scalar("cpus", rng.randrange(1, 4), stack))
                records.append(scalar("disk", 50, stack))
            if rng.random() < 0.1:
                shared = rng.random() < 0.7
                records.append(
                    scalar("disk", 20, stack, on_disk(rng.choice("vw"), rng.choice("pq")), shared=shared)
                )
        if rng.random() < 0.2:
            records.append(replace(scalar("cpus", 2), revocable=Resource.RevocableInfo()))
        return Resources(records)

    def used(self, total: Resources) -> dict[str, Resources]:
        """What frameworks, some of them unknown, already have of an agent that comes."""
        used: dict[str, Resources] = {}
        available = total
        for framework_id in self.some({**self.frameworks, "stranger": None}, self.rng.choice((0, 0, 1, 2))):
            role = self.rng.choice(ROLES)
            part = self.part(available.allocatable_to(role))
            if part:
                used[framework_id] = part.allocate(role)
                available -= part
        return used

    def part(self, resources: Resources) -> Resources:
        """Some of the resources, and of some only a part."""
        chosen = resources.where(lambda _each: self.rng.random() < 0.7)
        room = {name: self.rng.randrange(1, 4) * 500 for name in chosen.names if self.rng.random() < 0.5}
        room.pop("gpus", None)
        return chosen.limit(room)

    def framework_info(self) -> FrameworkInfo:
        rng = self.rng
        capabilities = [each for each in FrameworkInfo.Capability.Type if rng.random() < 0.6]
        roles = tuple(rng.sample(ROLES, rng.randint(1, 3)))
        is_multi_role = FrameworkInfo.Capability.Type.MULTI_ROLE in capabilities
        asked = OfferFilters.ResourceQuantities(
            quantities={rng.choice(("cpus", "ports")): Value.Scalar(value=rng.choice((0.5, 3.0)))}
        )
        minimum = OfferFilters.MinAllocatableResources(quantities=(asked,) if rng.random() < 0.6 else ())
        filters = OfferFilters(min_allocatable_resources=minimum if rng.random() < 0.8 else None)
        return FrameworkInfo(
            user="user",
            name="name",
            roles=roles if is_multi_role else (),
            role=None if is_multi_role else roles[0],
            capabilities=tuple(FrameworkInfo.Capability(type=each) for each in capabilities),
            offer_filters={roles[0]: filters} if rng.random() < 0.3 else {},
        )

    def suppressed(self, info: FrameworkInfo) -> list[str]:
        return [role for role in roles_of(info) if self.rng.random() < 0.2]

    def constraints(self, info: FrameworkInfo) -> dict[str, Constraints]:
        rng = self.rng
        selectors = (
            _Selector(attribute_name="rack"),
            _Selector(pseudoattribute_type=rng.choice(list(_Selector.PseudoattributeType)[1:])),
        )
        role_constraints = {}
        for role in roles_of(info):
            groups = tuple(
                OfferConstraints.RoleConstraints.Group(
                    attribute_constraints=tuple(
                        AttributeConstraint(
                            selector=rng.choice(selectors), predicate=rng.choice(_CONSTRAINTS)
                        )
                        for _ in range(rng.randint(1, 2))
                    )
                )
                for _ in range(rng.randint(1, 2))
            )
            if rng.random() < 0.2:
                role_constraints[role] = OfferConstraints.RoleConstraints(groups=groups)
        return compile_constraints(OfferConstraints(role_constraints=role_constraints))

    def unavailability(self) -> Unavailability:
        return Unavailability(start=TimeInfo(nanoseconds=self.rng.randrange(10**9)))

    def note_overdrawn(self, agent_id: str) -> None:
        held = sum((held for holder, held in self.held.items() if holder[2] == agent_id), Resources())
        if self.totals[agent_id].non_shared.contains(held.unallocate().non_shared):
            self.overdrawn.discard(agent_id)
        else:
            self.overdrawn.add(agent_id)

    def note_all_overdrawn(self) -> None:
        for agent_id in self.agents:
            self.note_overdrawn(agent_id)


#: What may happen, and how often it does.
OPERATIONS: tuple[tuple[Callable[[History], None], int], ...] = (
    (History.allocate, 30),
    (History.decline, 20),
    (History.finish, 20),
    (History.add_agent, 6),
    (History.update_agent, 3),
    (History.remove_agent, 3),
    (History.deactivate_agent, 1),
    (History.activate_agent, 2),
    (History.set_whitelist, 1),
    (History.add_framework, 5),
    (History.update_framework, 3),
    (History.remove_framework, 2),
    (History.deactivate_framework, 1),
    (History.activate_framework, 2),
    (History.suppress, 2),
    (History.revive, 4),
    (History.set_weight, 2),
    (History.set_quota, 5),
    (History.reserve, 4),
    (History.create_volume, 3),
    (History.reserve_available, 2),
    (History.set_unavailability, 2),
    (History.answer_inverse_offer, 3),
    (History.pause, 1),
    (History.resume, 2),
    (History.expect_agents, 1),
)
