"""The resources that an ACCEPT has left, while its operations are performed one after the other."""

from __future__ import annotations

from typing import NamedTuple

from transport.records.resource_conversion import ResourceConversion
from transport.records.resources import Resources


class Remainder(NamedTuple):
    """What an ACCEPT did not use: as it was offered, and what operations made of it."""

    declined: Resources
    converted: Resources


class Pool:
    """What was offered, allocated to one role, less what was taken, with what operations made of it."""

    def __init__(self, offered: Resources) -> None:
        self._offered = offered
        self._remaining = offered
        #: Shared volumes, whether taken or not: any number of tasks may use them.
        self._shared = offered.shared
        #: What happened to the resources as they are allocated, for the allocator.
        self.conversions: list[ResourceConversion] = []

    @property
    def available(self) -> Resources:
        """What a task may use: all that is left, and each shared volume."""
        return self._remaining.non_shared + self._shared if self._shared else self._remaining

    def take(self, resources: Resources) -> None:
        """Use up resources, which must be available; a shared volume that was taken is taken once more."""
        if self._shared:
            missing = resources.shared.without(self._remaining)
            if missing:
                self.conversions.append(ResourceConversion(Resources(), missing))
                self._remaining += missing
        self._remaining -= resources

    def convert(self, conversion: ResourceConversion) -> None:
        """Go on as if an operation were done; raises ValueError unless there is all of what it consumes."""
        rest = self._remaining - conversion.consumed
        if not frozenset(rest.shared.identities).isdisjoint(conversion.consumed.identities):
            raise ValueError(f"{conversion.consumed.shared} is shared with others that still use it")
        self._remaining = rest + conversion.converted
        self._shared = self._shared.without(conversion.consumed) + conversion.converted.shared
        self.conversions.append(conversion)

    def remainder(self) -> Remainder:
        """What is left now, in two parts."""
        converted = self._remaining.without(self._offered)
        return Remainder(self._remaining - converted, converted)
