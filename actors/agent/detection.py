"""What a host has to offer: as its flags say, and else as it is measured (mesos-protocol.md §9.2)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from actors.agent.flags import AgentFlags
from actors.flags import FlagError
from transport.records.agent import AgentInfo
from transport.records.names import role_error
from transport.records.resource import Resource
from transport.records.resource_text import parse_resources
from transport.records.resource_validation import resources_error
from transport.records.value import Attribute
from transport.records.value_text import parse_attributes

_MIB = 2**20
_GIB = 2**30
#: Kept back for the system where there is at least twice as much; else half of it is.
_MEMORY_KEPT = 1 * _GIB
_DISK_KEPT = 5 * _GIB
#: Offered where nothing could be measured.
_MEMORY_UNKNOWN = 1 * _GIB
_DISK_UNKNOWN = 10 * _GIB
_PORTS = "[31000-32000]"


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured; None for what could not be."""

    processors: int | None = None
    memory_bytes: int | None = None
    #: Size of the file system that the work directory is on.
    disk_bytes: int | None = None


def measure(work_dir: Path) -> Host:
    """Measure this host; `work_dir` must exist."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        memory = None
    try:
        told = os.statvfs(work_dir)
        disk = told.f_blocks * told.f_frsize
    except OSError:
        disk = None
    return Host(processors=os.cpu_count(), memory_bytes=memory, disk_bytes=disk)


def agent_info(flags: AgentFlags) -> AgentInfo:
    """What the agent of this host says of itself before it has an id.

    Makes the work directory. Raises FlagError naming the flag and its fault.
    """
    try:
        flags.work_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FlagError(f"--work_dir={flags.work_dir}: {error}") from error
    return describe_agent(flags, measure(flags.work_dir), flags.shown_hostname)


def describe_agent(flags: AgentFlags, host: Host, hostname: str) -> AgentInfo:
    """What the agent of a host that was measured says of itself; raises FlagError."""
    return AgentInfo(
        hostname=hostname,
        port=flags.port,
        resources=detect_resources(flags.resources, flags.default_role, host),
        attributes=read_attributes(flags.attributes),
    )


def detect_resources(text: str | None, default_role: str, host: Host) -> tuple[Resource, ...]:
    """Read `--resources`, and add what it does not name, unreserved or for `--default_role`.

    What it names with nothing in it, such as `disk:0`, is not added, and not offered either. Raises
    FlagError.
    """
    error = role_error(default_role)
    if error is not None:
        raise FlagError(f"--default_role={default_role}: {error}")
    try:
        declared = parse_resources(text or "", default_role)
    except ValueError as invalid:
        raise FlagError(f"--resources={text}: {invalid}") from invalid
    error = resources_error(declared)
    if error is not None:
        raise FlagError(f"--resources={text}: {error}")
    names = {resource.name for resource in declared}
    detected = ";".join(f"{name}:{amount}" for name, amount in _detected(host) if name not in names)
    return tuple(filter(_is_something, (*declared, *parse_resources(detected, default_role))))


def read_attributes(text: str | None) -> tuple[Attribute, ...]:
    """Read `--attributes`; raises FlagError."""
    try:
        return parse_attributes(text or "")
    except ValueError as invalid:
        raise FlagError(f"--attributes={text}: {invalid}") from invalid


def _detected(host: Host) -> Iterator[tuple[str, str]]:
    memory = _less(host.memory_bytes, _MEMORY_KEPT, _MEMORY_UNKNOWN)
    disk = _less(host.disk_bytes, _DISK_KEPT, _DISK_UNKNOWN)
    yield "cpus", str(host.processors or 1)
    yield "mem", str(memory // _MIB)
    yield "disk", str(disk // _MIB)
    yield "ports", _PORTS


def _less(measured: int | None, kept: int, unknown: int) -> int:
    if measured is None:
        return unknown
    return measured - kept if measured >= 2 * kept else measured // 2


def _is_something(resource: Resource) -> bool:
    if resource.scalar is not None:
        return resource.scalar.value > 0
    if resource.ranges is not None:
        return bool(resource.ranges.range)
    return resource.set is None or bool(resource.set.item)
