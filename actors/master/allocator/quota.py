"""What a role is guaranteed, and what it may have at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from transport.records.quota import QuotaConfig
from transport.records.scalar import format_thousandths, to_thousandths


class Quota(msgspec.Struct, frozen=True):
    """Thousandths of scalars by name; a name that has no limit is not limited."""

    guarantees: Mapping[str, int] = {}
    limits: Mapping[str, int] = {}

    @classmethod
    def of(cls, config: QuotaConfig) -> Quota:
        """Read the record."""
        return cls(
            {name: to_thousandths(scalar.value) for name, scalar in config.guarantees.items()},
            {name: to_thousandths(scalar.value) for name, scalar in config.limits.items()},
        )

    def error(self) -> str | None:
        """Which rule the quota breaks, or None."""
        for kind, amounts in (("guarantee", self.guarantees), ("limit", self.limits)):
            for name, amount in amounts.items():
                if amount < 0:
                    return f"quota: the {kind} of {name} must not be negative"
                if name == "gpus" and amount % 1000:
                    return f"quota: the {kind} of gpus must be a whole number"
        for name, guarantee in self.guarantees.items():
            limit = self.limits.get(name, guarantee)
            if guarantee > limit:
                return (
                    f"quota: the guarantee of {name}, {format_thousandths(guarantee)}, must not be above "
                    f"its limit, {format_thousandths(limit)}"
                )
        return None


NO_QUOTA: Final = Quota()
