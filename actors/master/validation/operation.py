"""Rules for operations on resources (mesos-protocol.md §2.7, items 3, 4 and 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from actors.master.agent import AgentEntry
from actors.master.framework import Capability as FrameworkCapability
from actors.master.framework import FrameworkEntry
from transport.records.agent import AgentInfo
from transport.records.names import id_error
from transport.records.offer import Offer
from transport.records.resource import Resource
from transport.records.resource_identity import ResourceIdentity
from transport.records.resources import Resources
from transport.records.volume import Volume

_Type = Offer.Operation.Type
_STATIC = Resource.ReservationInfo.Type.STATIC
_Capability = AgentInfo.Capability.Type

#: An agent tells in one message of all that it has, and so does an offer.
_MOST_KINDS: Final = 1_000


class Claimant(NamedTuple):
    """Who wants an operation done: a framework, or (None) an operator."""

    framework: FrameworkEntry | None
    principal: str | None

    @classmethod
    def of(cls, framework: FrameworkEntry) -> Claimant:
        """A framework acts for the principal that it gave."""
        return cls(framework, framework.info.principal or None)


def operation_error(operation: Offer.Operation, agent: AgentEntry, claimant: Claimant) -> str | None:
    """Which rule a completed operation breaks, or None.

    What the resources must look like that it consumes is said by `resource_conversion`.
    """
    kind = operation.type
    if kind in (_Type.CREATE_DISK, _Type.DESTROY_DISK):
        return f"{kind.value}: is not supported, because there are no resource providers"
    rule = None if kind is None else _RULES.get(kind)
    if kind is None or rule is None:
        return "operation: must have a type that is known"
    resources = _resources_of(operation)
    if not resources:
        return f"{kind.value}: must name resources"
    if any(resource.provider_id is not None for resource in resources):
        return f"{kind.value}: resources of resource providers are not supported"
    error = rule(operation, agent, claimant) or _room_error(kind, resources, agent)
    return None if error is None else f"{kind.value}: {error}"


def _room_error(kind: _Type, resources: tuple[Resource, ...], agent: AgentEntry) -> str | None:
    there = len(tuple(agent.total.identities))
    if kind in (_Type.RESERVE, _Type.CREATE) and len(resources) + there > _MOST_KINDS:
        return f"agent {agent.id} would have more than {_MOST_KINDS} reservations and volumes"
    return None


def operation_id_error(
    operation: Offer.Operation, agent: AgentEntry, framework: FrameworkEntry
) -> str | None:
    """Why an operation cannot have the id that it has, or None: no framework is told of launches by it."""
    if operation.id is None:
        return None
    if operation.type in (_Type.LAUNCH, _Type.LAUNCH_GROUP):
        return f"operation.id: must not be set for a {operation.type.value}"
    error = id_error(operation.id.value)
    if error is not None:
        return f"operation.id: {error}"
    if operation.id.value in framework.operations:
        return f"operation.id: {operation.id.value!r} is in use"
    if not agent.capable(_Capability.AGENT_OPERATION_FEEDBACK):
        return f"operation.id: agent {agent.id} cannot tell what became of an operation"
    return None


def _reserve_error(operation: Offer.Operation, agent: AgentEntry, claimant: Claimant) -> str | None:
    assert operation.reserve is not None
    if operation.reserve.source and claimant.framework is not None:
        return "source is for operators alone"
    if operation.reserve.source:
        error = _source_error(operation.reserve)
        if error is not None:
            return error
    for resource in operation.reserve.resources:
        if not resource.reservations:
            return f"{resource.name} must end in a dynamic reservation"
        level = resource.reservations[-1]
        error = _reservation_error(resource, level, agent, claimant.framework) or _principal_error(
            f"{resource.name}: its reservation", level.principal, claimant
        )
        if error is not None:
            return error
    return None


def _source_error(reserve: Offer.Operation.Reserve) -> str | None:
    """What is reserved in another way than before has one reservation, before and after."""
    stacks = []
    for field, resources in (("source", reserve.source), ("resources", reserve.resources)):
        if any(one.reservations != resources[0].reservations for one in resources):
            return f"all of {field} must have the same reservations"
        stacks.append(resources[0].reservations if resources else ())
    before, after = ([one for one in stack if one.type is _STATIC] for stack in stacks)
    if before != after:
        return "what is reserved for a role by the agent's flags must stay so"
    return None


def _reservation_error(
    resource: Resource, level: Resource.ReservationInfo, agent: AgentEntry, framework: FrameworkEntry | None
) -> str | None:
    role = level.role or ""
    if resource.disk is not None and resource.disk.persistence is not None:
        return f"{resource.name} must not be a persistent volume"
    if resource.revocable is not None:
        return f"{resource.name} must not be revocable"
    if framework is not None:
        allocated = None if resource.allocation_info is None else resource.allocation_info.role
        if role != allocated:
            return f"{resource.name} was offered to role {allocated!r}, and can be reserved only for it"
        if role not in framework.roles:
            return f"role {role!r} is not one of the framework's"
    if "/" in role and not agent.capable(_Capability.HIERARCHICAL_ROLE):
        return f"agent {agent.id} cannot have reservations for a role within a role"
    if len(resource.reservations) > 1 and not agent.capable(_Capability.RESERVATION_REFINEMENT):
        return f"agent {agent.id} cannot have refined reservations"
    return None


def _unreserve_error(_operation: Offer.Operation, _agent: AgentEntry, _claimant: Claimant) -> str | None:
    return None


def _create_error(operation: Offer.Operation, agent: AgentEntry, claimant: Claimant) -> str | None:
    assert operation.create is not None
    framework = claimant.framework
    for resource in operation.create.volumes:
        disk = resource.disk
        if disk is None or disk.persistence is None or disk.volume is None:
            return f"{resource.name} must be a persistent volume"
        if disk.volume.mode is not Volume.Mode.RW:
            return f"volume {disk.persistence.id!r} must be made with mode RW"
        if disk.volume.source is not None or disk.volume.image is not None:
            return f"volume {disk.persistence.id!r} must have neither source nor image"
        if resource.shared is not None and framework is not None and not _may_share(framework):
            return f"volume {disk.persistence.id!r} is shared, and the framework lacks SHARED_RESOURCES"
        maker = disk.persistence.principal
        error = _principal_error(f"volume {disk.persistence.id!r}", maker, claimant)
        if error is not None:
            return error
    return _remade_error(operation.create.volumes, agent)


def _remade_error(volumes: Iterable[Resource], agent: AgentEntry) -> str | None:
    taken = {(one.reserved_role, _persistence_id(one)) for one in agent.total.persistent_volumes.identities}
    for identity in (one for volume in volumes for one in Resources((volume,)).identities):
        name = identity.reserved_role, _persistence_id(identity)
        if name in taken:
            return f"the persistence id {name[1]!r} is in use on agent {agent.id}"
        taken.add(name)
    return None


def _destroy_error(operation: Offer.Operation, agent: AgentEntry, _claimant: Claimant) -> str | None:
    assert operation.destroy is not None
    volumes = Resources(operation.destroy.volumes).unallocate()
    if not agent.total.contains(volumes):
        return f"{volumes} is not on agent {agent.id}"
    doomed = frozenset(volumes.identities)
    for used in _holdings(agent):
        for identity in used.identities:
            if identity.persistent and identity.allocated(None) in doomed:
                return f"volume {_persistence_id(identity)!r} is in use"
    return None


def _resize_error(_operation: Offer.Operation, agent: AgentEntry, _claimant: Claimant) -> str | None:
    if not agent.capable(_Capability.RESIZE_VOLUME):
        return f"agent {agent.id} cannot change the size of volumes"
    return None


_RULES: Mapping[_Type, Callable[[Offer.Operation, AgentEntry, Claimant], str | None]] = {
    _Type.RESERVE: _reserve_error,
    _Type.UNRESERVE: _unreserve_error,
    _Type.CREATE: _create_error,
    _Type.DESTROY: _destroy_error,
    _Type.GROW_VOLUME: _resize_error,
    _Type.SHRINK_VOLUME: _resize_error,
}


def _resources_of(operation: Offer.Operation) -> tuple[Resource, ...]:
    """The resources that a completed operation names."""
    if operation.reserve is not None and operation.type is _Type.RESERVE:
        return operation.reserve.resources + operation.reserve.source
    if operation.unreserve is not None and operation.type is _Type.UNRESERVE:
        return operation.unreserve.resources
    if operation.create is not None and operation.type is _Type.CREATE:
        return operation.create.volumes
    if operation.destroy is not None and operation.type is _Type.DESTROY:
        return operation.destroy.volumes
    if operation.grow_volume is not None and operation.type is _Type.GROW_VOLUME:
        return operation.grow_volume.volume, operation.grow_volume.addition
    if operation.shrink_volume is not None:
        return (operation.shrink_volume.volume,)
    return ()


def _principal_error(subject: str, named: str | None, claimant: Claimant) -> str | None:
    if claimant.principal is not None and named != claimant.principal:
        told = "names none" if named is None else f"names {named!r}"
        return f"{subject} must name the principal {claimant.principal!r}, and {told}"
    return None


def _may_share(framework: FrameworkEntry) -> bool:
    return FrameworkCapability.SHARED_RESOURCES in framework.capabilities


def _persistence_id(identity: ResourceIdentity) -> str:
    return "" if identity.disk is None or identity.disk.persistence is None else identity.disk.persistence.id


def _holdings(agent: AgentEntry) -> Iterator[Resources]:
    for task in agent.tasks.values():
        yield task.holding
    for executor in agent.executors.values():
        yield Resources(executor.resources)
    for operation in agent.operations.values():
        yield operation.holding
