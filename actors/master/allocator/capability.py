"""Kinds of resources that a framework must say it can deal with, and how it says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from transport.records.framework import FrameworkInfo
from transport.records.resource_identity import ResourceIdentity

_Type = FrameworkInfo.Capability.Type

SHARED: Final = 1
REVOCABLE: Final = 2
REFINED: Final = 4
#: Whoever can deal with all kinds.
EVERYTHING: Final = SHARED | REVOCABLE | REFINED

_KIND_OF = {
    _Type.SHARED_RESOURCES: SHARED,
    _Type.REVOCABLE_RESOURCES: REVOCABLE,
    _Type.RESERVATION_REFINEMENT: REFINED,
}


def kinds_taken(capabilities: Iterable[FrameworkInfo.Capability.Type]) -> int:
    """The kinds that a framework of these capabilities can deal with, as a sum of the constants above."""
    return sum(kind for capability, kind in _KIND_OF.items() if capability in frozenset(capabilities))


def kinds_of(identity: ResourceIdentity) -> int:
    """The kinds that a resource belongs to; 0 for one that everybody can deal with."""
    kinds = SHARED if identity.shared else 0
    kinds |= REVOCABLE if identity.revocable else 0
    return kinds | (REFINED if len(identity.reservations) > 1 else 0)
