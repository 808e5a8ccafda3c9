"""Rules for quotas and weights (mesos-protocol.md §4.1)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from actors.master.allocator.quota import Quota
from transport.records.names import role_error
from transport.records.quota import QuotaConfig, QuotaRequest
from transport.records.reservation_format import upgrade
from transport.records.resource import Resource
from transport.records.resource_validation import resource_error
from transport.records.value import Value

#: The most that a quota may speak of: an exabyte in megabytes, a trillion of all else, as in Mesos.
_MOST: Final = 10**12
_MOST_MEGABYTES: Final = 2**40


def quota_error(configs: Iterable[QuotaConfig], roles: Iterable[str] | None = None) -> str | None:
    """Which rule a request for quotas breaks, or None; `roles` are the only ones there are."""
    seen = set()
    for config in configs:
        role = config.role
        error = role_error(role) or _role_refused(role, roles)
        if error is None and "/" in role:
            error = f"role {role!r}: quota can be set for top-level roles only"
        if error is None and role in seen:
            error = f"role {role!r}: must not be given more than once"
        if error is None:
            error = _amounts_error(config)
        if error is not None:
            return error
        seen.add(role)
    return None


def requested_quota(request: QuotaRequest) -> QuotaConfig:
    """The quota that SET_QUOTA asks for: what is guaranteed is the limit, too.

    Raises ValueError naming the rule that is broken, unless it is one for all quotas (`quota_error`).
    """
    if request.role is None:
        raise ValueError("role: must be given")
    if not request.guarantee:
        raise ValueError(f"role {request.role!r}: guarantee: must not be empty")
    amounts: dict[str, Value.Scalar] = {}
    for resource in request.guarantee:
        error = _guarantee_error(resource)
        if error is None and resource.name in amounts:
            error = f"resource {resource.name!r}: must not be given more than once"
        if error is not None:
            raise ValueError(f"role {request.role!r}: guarantee: {error}")
        assert resource.scalar is not None
        amounts[resource.name] = resource.scalar
    return QuotaConfig(role=request.role, guarantees=amounts, limits=amounts)


def weights_error(weights: Mapping[str, float], roles: Iterable[str] | None = None) -> str | None:
    """Which rule a request for weights breaks, or None; `roles` are the only ones there are."""
    for role, weight in weights.items():
        error = role_error(role) or _role_refused(role, roles)
        if error is not None:
            return error
        if not math.isfinite(weight) or weight <= 0:
            return f"role {role!r}: weight must be more than 0"
    return None


def _amounts_error(config: QuotaConfig) -> str | None:
    for kind, amounts in (("guarantees", config.guarantees), ("limits", config.limits)):
        for name, scalar in amounts.items():
            error = resource_error(Resource(name=name, type=Value.Type.SCALAR, scalar=scalar))
            most = _MOST_MEGABYTES if name in ("mem", "disk") else _MOST
            if error is None and scalar.value > most:
                error = f"resource {name!r}: must not be more than {most}"
            if error is not None:
                return f"role {config.role!r}: {kind}: {error}"
    error = Quota.of(config).error()
    return None if error is None else f"role {config.role!r}: {error}"


def _guarantee_error(resource: Resource) -> str | None:
    error = resource_error(resource)
    if error is not None:
        return error
    plain = Resource(name=resource.name, type=Value.Type.SCALAR, scalar=resource.scalar)
    if resource.type is not Value.Type.SCALAR:
        return f"resource {resource.name!r}: must be a scalar"
    if replace(upgrade(resource), allocation_info=None) != plain:
        return f"resource {resource.name!r}: must be neither reserved nor revocable, and have no disk"
    return None


def _role_refused(role: str, roles: Iterable[str] | None) -> str | None:
    if roles is None or role in ("*", *roles):
        return None
    return f"role {role!r}: is not among the master's --roles"
