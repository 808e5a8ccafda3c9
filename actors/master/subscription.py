"""May a framework be what it says it is? (mesos-protocol.md §2.5)"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from actors.master.allocator.constraints import compile_constraints
from transport.limits import MIB
from transport.records.framework import FrameworkInfo, OfferFilters
from transport.records.ids import FrameworkID
from transport.records.names import id_error, role_error
from transport.records.offer_constraints import OfferConstraints

_MULTI_ROLE = FrameworkInfo.Capability.Type.MULTI_ROLE
#: Mesos keeps durations as nanoseconds in 64 bits.
_LONGEST_SECONDS: Final = (2**63 - 1) / 1e9

#: It goes along with every task that is launched, and a message to an agent has a limit.
_MOST_BYTES: Final = MIB


class SubscriptionRules:
    """What this master lets in: roles, unless there is no list of them, and whether users may be root."""

    def __init__(self, roles: Collection[str] | None = None, *, root_submissions: bool = True) -> None:
        self._roles = None if roles is None else frozenset((*roles, "*"))
        self._root_submissions = root_submissions

    def error(
        self,
        info: FrameworkInfo,
        suppressed_roles: Collection[str] = (),
        constraints: OfferConstraints | None = None,
    ) -> str | None:
        """Why the framework cannot subscribe like this, or None."""
        return next(self._errors(info, suppressed_roles, constraints), None)

    def _errors(
        self,
        info: FrameworkInfo,
        suppressed_roles: Collection[str],
        constraints: OfferConstraints | None,
    ) -> Iterator[str]:
        size = len(msgspec.msgpack.encode(info))
        if size > _MOST_BYTES:
            yield f"framework_info: must have at most {_MOST_BYTES} bytes, not {size}"
        yield from _role_errors(info)
        if info.id is not None and info.id.value:
            error = id_error(info.id.value)
            if error is not None:
                yield f"framework_info.id: {error}"
        for role, filters in info.offer_filters.items():
            yield from _filter_errors(role, filters)
        timeout = info.failover_timeout or 0.0
        if not math.isfinite(timeout) or abs(timeout) > _LONGEST_SECONDS:
            yield f"framework_info.failover_timeout: {timeout} cannot be counted in nanoseconds"
        roles = roles_of(info)
        if self._roles is not None:
            for role in roles:
                if role not in self._roles:
                    yield f"role {role!r}: is not among the master's --roles"
        if info.user == "root" and not self._root_submissions:
            yield "framework_info.user: root is not allowed (--no-root_submissions)"
        yield from _choice_errors(roles, suppressed_roles, constraints)


def roles_of(info: FrameworkInfo) -> tuple[str, ...]:
    """The roles whose offers the framework wants."""
    return info.roles if _is_multi_role(info) else (info.role or "*",)


def change_error(old: FrameworkInfo, new: FrameworkInfo) -> str | None:
    """Which part of itself a framework changed that cannot be changed while it is subscribed, or None."""
    for name in ("principal", "user", "checkpoint"):
        before, now = getattr(old, name), getattr(new, name)
        if (before or None) != (now or None):
            return f"framework_info.{name}: cannot be changed from {before!r} to {now!r}"
    return None


def returning(old: FrameworkInfo, new: FrameworkInfo) -> FrameworkInfo:
    """A framework that comes back: its user and whether it checkpoints stay what they were."""
    return replace(new, id=old.id, user=old.user, checkpoint=old.checkpoint)


def named(info: FrameworkInfo, framework_id: str) -> FrameworkInfo:
    """The same framework, by this id."""
    return replace(info, id=FrameworkID(value=framework_id))


def _is_multi_role(info: FrameworkInfo) -> bool:
    return any(one.type is _MULTI_ROLE for one in info.capabilities)


def _role_errors(info: FrameworkInfo) -> Iterator[str]:
    if _is_multi_role(info):
        if info.role is not None:
            yield "framework_info.role: must not be set by a framework that is MULTI_ROLE"
        for place, role in enumerate(info.roles):
            if role in info.roles[:place]:
                yield f"framework_info.roles: {role!r} stands there twice"
    elif info.roles:
        yield "framework_info.roles: must be empty unless the framework is MULTI_ROLE"
    for role in roles_of(info):
        error = role_error(role)
        if error is not None:
            yield f"framework_info: {error}"


def _filter_errors(role: str, filters: OfferFilters) -> Iterator[str]:
    error = role_error(role)
    if error is not None:
        yield f"framework_info.offer_filters: {error}"
    asked = filters.min_allocatable_resources
    for each in () if asked is None else asked.quantities:
        if not each.quantities:
            yield f"framework_info.offer_filters: role {role!r}: quantities must not be empty"
        for name, scalar in each.quantities.items():
            if not math.isfinite(scalar.value) or scalar.value < 0:
                yield f"framework_info.offer_filters: role {role!r}: {name} must not be {scalar.value}"


def _choice_errors(
    roles: Collection[str], suppressed_roles: Collection[str], constraints: OfferConstraints | None
) -> Iterator[str]:
    for role in suppressed_roles:
        if role not in roles:
            yield f"suppressed_roles: {role!r} is not a role of the framework"
    if constraints is None:
        return
    for role in constraints.role_constraints:
        if role not in roles:
            yield f"offer_constraints: {role!r} is not a role of the framework"
    try:
        compile_constraints(constraints)
    except ValueError as error:
        yield str(error)
