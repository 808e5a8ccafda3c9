"""Quotas of roles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from transport.record import Record, number
from transport.records.resource import Resource
from transport.records.value import Value

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.quota"


class QuotaInfo(Record):
    """What a role was guaranteed by the older SET_QUOTA."""

    role: Annotated[str | None, number(1)] = None
    principal: Annotated[str | None, number(2)] = None
    guarantee: Annotated[tuple[Resource, ...], number(3)] = ()


class QuotaRequest(Record):
    """The older way of asking for a guarantee; `force` skips the check against the cluster's capacity."""

    force: Annotated[bool | None, number(1)] = None
    role: Annotated[str | None, number(2)] = None
    guarantee: Annotated[tuple[Resource, ...], number(3)] = ()


class QuotaConfig(Record):
    """What a role is guaranteed and what it may have at most; a resource not named is not limited."""

    role: Annotated[str, number(1)]
    guarantees: Annotated[Mapping[str, Value.Scalar], number(2)] = {}
    limits: Annotated[Mapping[str, Value.Scalar], number(3)] = {}


class QuotaStatus(Record):
    """The quotas of all roles that have one."""

    infos: Annotated[tuple[QuotaInfo, ...], number(1, deprecated=True)] = ()
    configs: Annotated[tuple[QuotaConfig, ...], number(2)] = ()
