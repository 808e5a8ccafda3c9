"""The names that things go by in a cluster."""

from __future__ import annotations

from typing import Annotated

from transport.record import Record, number


class FrameworkID(Record):
    """Names a framework for its whole life, failovers included; given by the master."""

    value: Annotated[str, number(1)]


class OfferID(Record):
    """Names one offer."""

    value: Annotated[str, number(1)]


class AgentID(Record):
    """Names an agent from its registration until it is removed; given by the master."""

    value: Annotated[str, number(1)]


class TaskID(Record):
    """Names a task; chosen by its framework, unique among the framework's live tasks."""

    value: Annotated[str, number(1)]


class ExecutorID(Record):
    """Names an executor; chosen by its framework, unique on one agent."""

    value: Annotated[str, number(1)]


class ContainerID(Record):
    """Names a container, nested in `parent` if that is set."""

    value: Annotated[str, number(1)]
    parent: Annotated[ContainerID | None, number(2)] = None


class ResourceProviderID(Record):
    """Names a resource provider of an agent."""

    value: Annotated[str, number(1)]


class OperationID(Record):
    """Names an offer operation whose outcome its framework wants to be told."""

    value: Annotated[str, number(1)]


class UUID(Record):
    """Sixteen random bytes."""

    value: Annotated[bytes, number(1)]
