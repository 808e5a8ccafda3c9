"""Providers of resources outside an agent's own, and the CSI plugins behind them."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.enumeration import Enumeration
from transport.records.ids import ResourceProviderID
from transport.records.resource import Resource
from transport.records.value import Attribute


class CSIPluginContainerInfo(Record):
    """A container that serves a CSI plugin."""

    class Service(Enumeration):
        """Which CSI service the container serves."""

        UNKNOWN = auto(), 0
        CONTROLLER_SERVICE = auto(), 1
        NODE_SERVICE = auto(), 2

    services: Annotated[tuple[Service, ...], number(1)] = ()
    command: Annotated[CommandInfo | None, number(2)] = None
    resources: Annotated[tuple[Resource, ...], number(3)] = ()
    container: Annotated[ContainerInfo | None, number(4)] = None


class CSIPluginEndpoint(Record):
    """Where a CSI service of a plugin that is run by others listens."""

    csi_service: Annotated[CSIPluginContainerInfo.Service, number(1)]
    endpoint: Annotated[str, number(2)]


class CSIPluginInfo(Record):
    """A CSI plugin: run in containers by the agent, or by others."""

    type: Annotated[str, number(1)]
    name: Annotated[str | None, number(2, "default")] = None
    containers: Annotated[tuple[CSIPluginContainerInfo, ...], number(3)] = ()
    endpoints: Annotated[tuple[CSIPluginEndpoint, ...], number(4)] = ()
    target_path_root: Annotated[str | None, number(5)] = None
    target_path_exists: Annotated[bool | None, number(6)] = None


class ResourceProviderInfo(Record):
    """A resource provider."""

    class Storage(Record):
        """A provider of storage by a CSI plugin."""

        plugin: Annotated[CSIPluginInfo, number(1)]
        reconciliation_interval_seconds: Annotated[float | None, number(2)] = None

    id: Annotated[ResourceProviderID | None, number(1)] = None
    attributes: Annotated[tuple[Attribute, ...], number(2)] = ()
    type: Annotated[str, number(3)]
    name: Annotated[str, number(4)]
    default_reservations: Annotated[tuple[Resource.ReservationInfo, ...], number(5)] = ()
    storage: Annotated[Storage | None, number(6)] = None
