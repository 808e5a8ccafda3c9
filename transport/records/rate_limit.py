"""How many messages a second frameworks may send."""

from __future__ import annotations

from typing import Annotated

from transport.record import Record, UInt64, number


class RateLimit(Record):
    """Messages a second of one principal, and how many of them may wait."""

    qps: Annotated[float | None, number(1)] = None
    principal: Annotated[str, number(2)]
    capacity: Annotated[UInt64 | None, number(3)] = None


class RateLimits(Record):
    """The limits of all principals; `aggregate_default_qps` holds for those not listed, together."""

    limits: Annotated[tuple[RateLimit, ...], number(1)] = ()
    aggregate_default_qps: Annotated[float | None, number(2)] = None
    aggregate_default_capacity: Annotated[UInt64 | None, number(3)] = None
