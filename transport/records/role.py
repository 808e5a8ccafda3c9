"""Roles and their weights."""

from __future__ import annotations

from typing import Annotated

from transport.record import Record, number
from transport.records.ids import FrameworkID
from transport.records.resource import Resource


class Role(Record):
    """A role, and what its frameworks use."""

    name: Annotated[str, number(1)]
    weight: Annotated[float, number(2)]
    frameworks: Annotated[tuple[FrameworkID, ...], number(3)] = ()
    resources: Annotated[tuple[Resource, ...], number(4)] = ()


class WeightInfo(Record):
    """How much more of the cluster a role is due than one of weight 1."""

    weight: Annotated[float, number(1)]
    role: Annotated[str | None, number(2)] = None
