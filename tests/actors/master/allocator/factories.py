"""Agents, frameworks and resources, in few words."""

from __future__ import annotations

from msgspec.structs import replace

from actors.master.allocator.hierarchical import HierarchicalAllocator
from transport.records.agent import AgentInfo
from transport.records.framework import FrameworkInfo
from transport.records.resource import Resource
from transport.records.resources import Resources

#: An agent that knows everything.
ALL = tuple(AgentInfo.Capability.Type)
_Type = FrameworkInfo.Capability.Type


def resources(text: str) -> Resources:
    """`cpus:4;mem(role):512`; a name with a star, `cpus*:2`, is revocable."""
    return Resources(
        replace(record, revocable=Resource.RevocableInfo() if "*:" in item else None)
        for item in text.split(";")
        for record in Resources.parse(item.replace("*:", ":"))
    )


def framework_info(*roles: str, without: tuple[str, ...] = ()) -> FrameworkInfo:
    """A framework that can deal with everything but what is named."""
    capabilities = tuple(FrameworkInfo.Capability(type=each) for each in _Type if each.value not in without)
    multi_role = _Type.MULTI_ROLE.value not in without
    return FrameworkInfo(
        user="user",
        name="name",
        roles=roles if multi_role else (),
        role=None if multi_role else roles[0],
        capabilities=capabilities,
    )


def add_agent(allocator: HierarchicalAllocator, name: str, text: str, **used: Resources) -> None:
    allocator.add_agent(name, AgentInfo(hostname=name), ALL, resources(text), used)


def add_framework(allocator: HierarchicalAllocator, name: str, *roles: str) -> None:
    allocator.add_framework(name, framework_info(*roles))
