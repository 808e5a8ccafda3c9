"""Rules for resources that are used together (mesos-protocol.md §2.7.8)."""

from __future__ import annotations

from collections.abc import Iterable

from transport.records.resource_identity import ResourceIdentity
from transport.records.resources import Resources
from transport.records.value import Value


def combination_error(resources: Resources) -> str | None:
    """Which rule the resources of one task or executor break together, or None."""
    return repeated_volume_error(resources) or revocability_error(resources)


def repeated_volume_error(resources: Resources) -> str | None:
    """No two volumes of a role may have one persistence id; a shared one may be there several times."""
    seen: set[tuple[str | None, str]] = set()
    for volume in resources.persistent_volumes:
        assert volume.disk is not None
        assert volume.disk.persistence is not None
        identifier, role = volume.disk.persistence.id, volume.reservations[-1].role
        if (role, identifier) in seen and volume.shared is None:
            return f"resources: the persistence id {identifier!r} is there twice for role {role!r}"
        seen.add((role, identifier))
    return None


def revocability_error(resources: Resources) -> str | None:
    """Of one name, either all or nothing may be revocable."""
    revocable = resources.revocable
    if not revocable:
        return None
    lasting = resources.non_revocable.names
    mixed = [name for name in revocable.names if name in lasting]
    return f"resources: {mixed[0]} must not be revocable in part" if mixed else None


def overlap_error(task: Resources, executor: Resources) -> str | None:
    """A task must not use the very ports or words that its executor uses."""
    first, second = task.where(_is_enumerated), executor.where(_is_enumerated)
    for name in first.names:
        counted = first.quantities[name] + second.quantities[name]
        if (first + second).quantities[name] != counted:
            return f"resources: the task and its executor must not use the same {name}"
    return None


def fit(parts: Iterable[Resources], available: Resources) -> bool:
    """Whether all parts can be taken of what is available at once; shared volumes can be taken often."""
    remaining = available
    for part in parts:
        if not remaining.contains(part):
            return False
        remaining -= part.non_shared
    return True


def _is_enumerated(identity: ResourceIdentity) -> bool:
    return identity.type is not Value.Type.SCALAR
