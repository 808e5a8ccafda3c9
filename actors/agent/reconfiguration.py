"""Whether an agent may come back under its old id with another description of itself."""

from __future__ import annotations

from typing import Literal

from transport.records.agent import AgentInfo
from transport.records.resources import Resources
from transport.records.value import Attribute, Value


def change_error(old: AgentInfo, new: AgentInfo, policy: Literal["equal", "additive"]) -> str | None:
    """Why `new` cannot go on as `old`, naming the first thing that changed as it must not; None when it can.

    By `additive` resources and attributes may be added or grow; nothing else may change.
    """
    if old.hostname != new.hostname:
        return f"the host is {new.hostname}, and was {old.hostname}"
    if old.port != new.port:
        return f"the port is {new.port}, and was {old.port}"
    if old.domain != new.domain and (old.domain is not None or policy == "equal"):
        return "the domain is another"
    before, now = Resources(old.resources), Resources(new.resources)
    if before != now and (policy == "equal" or not now.contains(before)):
        return f"the resources are {now}, and were {before}"
    return _attributes_error(old.attributes, new.attributes, policy)


def grown(total: Resources, old: AgentInfo, new: AgentInfo) -> Resources:
    """The total as operations left it, with what is there since."""
    return total + (Resources(new.resources) - Resources(old.resources))


def _attributes_error(
    old: tuple[Attribute, ...], new: tuple[Attribute, ...], policy: Literal["equal", "additive"]
) -> str | None:
    if policy == "equal":
        same = sorted(map(repr, old)) == sorted(map(repr, new))
        return None if same else "the attributes are others"
    for attribute in old:
        if not any(_includes(other, attribute) for other in new):
            return f"the attribute {attribute.name} is not as it was"
    return None


def _includes(new: Attribute, old: Attribute) -> bool:
    if (new.name, new.type) != (old.name, old.type):
        return False
    if old.type is Value.Type.RANGES and old.ranges is not None and new.ranges is not None:
        return all(
            any(wide.begin <= narrow.begin and narrow.end <= wide.end for wide in new.ranges.range)
            for narrow in old.ranges.range
        )
    return new == old
