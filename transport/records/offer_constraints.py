"""Which agents a framework wants offers from, by their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.scheduler"


class AttributeConstraint(Record):
    """One demand on one attribute."""

    class Selector(Record):
        """Which attribute: one that the agent was given, or one that every agent has."""

        class PseudoattributeType(Enumeration):
            """What every agent has, though no attribute."""

            UNKNOWN = auto(), 0
            HOSTNAME = auto(), 1
            REGION = auto(), 2
            ZONE = auto(), 3

        pseudoattribute_type: Annotated[PseudoattributeType | None, number(1, oneof="selector")] = None
        attribute_name: Annotated[str | None, number(2, oneof="selector")] = None

    class Predicate(Record):
        """What must be true of it; attributes that are no texts satisfy every demand on their text."""

        class Exists(Record):
            """The agent has it."""

        class NotExists(Record):
            """The agent does not have it."""

        class TextEquals(Record):
            """It is this text."""

            value: Annotated[str, number(1)]

        class TextNotEquals(Record):
            """It is missing or another text."""

            value: Annotated[str, number(1)]

        class TextMatches(Record):
            """All of its text matches the regular expression."""

            regex: Annotated[str, number(1)]

        class TextNotMatches(Record):
            """It is missing, or its text as a whole does not match."""

            regex: Annotated[str, number(1)]

        exists: Annotated[Exists | None, number(1, oneof="predicate")] = None
        not_exists: Annotated[NotExists | None, number(2, oneof="predicate")] = None
        text_equals: Annotated[TextEquals | None, number(3, oneof="predicate")] = None
        text_not_equals: Annotated[TextNotEquals | None, number(4, oneof="predicate")] = None
        text_matches: Annotated[TextMatches | None, number(5, oneof="predicate")] = None
        text_not_matches: Annotated[TextNotMatches | None, number(6, oneof="predicate")] = None

    selector: Annotated[Selector, number(1)]
    predicate: Annotated[Predicate, number(2)]


class OfferConstraints(Record):
    """By role, groups of demands; an agent is wanted if it satisfies all demands of at least one group."""

    class RoleConstraints(Record):
        """Alternatives for one role."""

        class Group(Record):
            """Demands that must all be satisfied."""

            attribute_constraints: Annotated[tuple[AttributeConstraint, ...], number(1)] = ()

        groups: Annotated[tuple[Group, ...], number(1)] = ()

    role_constraints: Annotated[Mapping[str, RoleConstraints], number(1)] = {}
