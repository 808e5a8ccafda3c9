"""The three ways to write a reservation (mesos-protocol.md §9.5).

Inside Pion only the stack form is used (`Resource.reservations`). Frameworks without the capability
RESERVATION_REFINEMENT write and read `role` and `reservation`; some endpoints show both.
"""

from __future__ import annotations

from msgspec.structs import replace

from transport.records.resource import Resource

_ReservationInfo = Resource.ReservationInfo


def upgrade(resource: Resource) -> Resource:
    """Bring a resource into the stack form, from any of the three."""
    if resource.role is None and resource.reservation is None:
        return resource
    if resource.reservations or resource.role in (None, "*"):
        return replace(resource, role=None, reservation=None)
    old = resource.reservation
    if old is None:
        level = _ReservationInfo(type=_ReservationInfo.Type.STATIC, role=resource.role)
    else:
        level = replace(old, type=_ReservationInfo.Type.DYNAMIC, role=resource.role)
    return replace(resource, role=None, reservation=None, reservations=(level,))


def downgrade(resource: Resource) -> Resource:
    """Write a resource of the stack form with `role` and `reservation`.

    Raises ValueError for a refined reservation, which that form cannot say.
    """
    if len(resource.reservations) > 1:
        raise ValueError(f"{resource.name}: a refined reservation has no form without `reservations`")
    role, reservation = _single_level(resource)
    return replace(resource, role=role, reservation=reservation, reservations=())


def to_endpoint(resource: Resource) -> Resource:
    """Write a resource of the stack form in both ways at once, where it can be said in both."""
    if len(resource.reservations) > 1:
        return resource
    role, reservation = _single_level(resource)
    return replace(resource, role=role, reservation=reservation)


def _single_level(resource: Resource) -> tuple[str | None, Resource.ReservationInfo | None]:
    if not resource.reservations:
        return "*", None
    (level,) = resource.reservations
    if level.type is _ReservationInfo.Type.STATIC:
        return level.role, None
    return level.role, replace(level, type=None, role=None)
