"""Hosts, as maintenance knows them."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.time_info import Unavailability


class MachineID(Record):
    """A host, known by `hostname`, `ip` or both."""

    hostname: Annotated[str | None, number(1)] = None
    ip: Annotated[str | None, number(2)] = None


class MachineInfo(Record):
    """A host and its maintenance."""

    class Mode(Enumeration):
        """In use, about to go down (agents are asked to empty), or down (agents are refused)."""

        UP = auto(), 1
        DRAINING = auto(), 2
        DOWN = auto(), 3

    id: Annotated[MachineID, number(1)]
    mode: Annotated[Mode | None, number(2)] = None
    unavailability: Annotated[Unavailability | None, number(3)] = None
