"""Offer constraints: which agents a framework wants, ready to be asked of one agent after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from actors.master.allocator.pattern import Pattern
from transport.records.agent import AgentInfo
from transport.records.offer_constraints import AttributeConstraint, OfferConstraints
from transport.records.value import Attribute

#: The flag --offer_constraints_re2_max_program_size.
MOST_INSTRUCTIONS = 100

#: An attribute, the text of a pseudo-attribute, or None where the agent has no such thing.
_Subject: TypeAlias = Attribute | str | None
_Selector = AttributeConstraint.Selector
_Pseudo = AttributeConstraint.Selector.PseudoattributeType


class Constraints:
    """The constraints of one framework in one role."""

    def __init__(self, groups: list[list[tuple[_Selector, Callable[[_Subject], bool]]]]) -> None:
        """For `compile_constraints` alone."""
        self._groups = groups

    def wants(self, agent: AgentInfo) -> bool:
        """Whether the agent satisfies all demands of at least one group."""
        return any(
            all(satisfies(_select(selector, agent)) for selector, satisfies in group)
            for group in self._groups
        )


def compile_constraints(
    constraints: OfferConstraints, most_instructions: int = MOST_INSTRUCTIONS
) -> dict[str, Constraints]:
    """Make constraints ready, by role; raises ValueError naming the rule that one breaks.

    A regular expression whose program has more than `most_instructions` is refused.
    """
    return {
        role: _compile_role(role, each, most_instructions)
        for role, each in constraints.role_constraints.items()
    }


def _compile_role(
    role: str, constraints: OfferConstraints.RoleConstraints, most_instructions: int
) -> Constraints:
    if not constraints.groups:
        raise ValueError(f"offer_constraints: role {role!r} must have a group")
    groups = []
    for group in constraints.groups:
        if not group.attribute_constraints:
            raise ValueError(f"offer_constraints: a group of role {role!r} must have an attribute constraint")
        demands = []
        for each in group.attribute_constraints:
            try:
                demands.append(
                    (_checked(each.selector), _compile_predicate(each.predicate, most_instructions))
                )
            except ValueError as error:
                raise ValueError(f"offer_constraints: role {role!r}: {error}") from error
        groups.append(demands)
    return Constraints(groups)


def _checked(selector: _Selector) -> _Selector:
    if (selector.attribute_name is None) == (selector.pseudoattribute_type is None):
        raise ValueError("selector: exactly one of attribute_name and pseudoattribute_type must be set")
    if selector.pseudoattribute_type is _Pseudo.UNKNOWN:
        raise ValueError("selector: the pseudoattribute_type is not known")
    return selector


def _compile_predicate(
    predicate: AttributeConstraint.Predicate, most_instructions: int
) -> Callable[[_Subject], bool]:
    given = [name for name in predicate.__struct_fields__ if getattr(predicate, name) is not None]
    if len(given) != 1:
        raise ValueError("predicate: exactly one must be set")
    if predicate.exists is not None:
        return lambda subject: subject is not None
    if predicate.not_exists is not None:
        return lambda subject: subject is None
    if predicate.text_equals is not None:
        return _on_text(predicate.text_equals.value.__eq__, negated=False)
    if predicate.text_not_equals is not None:
        return _on_text(predicate.text_not_equals.value.__eq__, negated=True)
    if predicate.text_matches is not None:
        pattern = Pattern(predicate.text_matches.regex, most_instructions)
        return _on_text(pattern.matches, negated=False)
    assert predicate.text_not_matches is not None
    return _on_text(Pattern(predicate.text_not_matches.regex, most_instructions).matches, negated=True)


def _on_text(is_true: Callable[[str], bool], *, negated: bool) -> Callable[[_Subject], bool]:
    def satisfies(subject: _Subject) -> bool:
        if subject is None:
            return negated
        if isinstance(subject, Attribute):
            if subject.text is None:
                return True
            subject = subject.text.value
        return is_true(subject) is not negated

    return satisfies


def _select(selector: _Selector, agent: AgentInfo) -> _Subject:
    if selector.attribute_name is not None:
        return next((each for each in agent.attributes if each.name == selector.attribute_name), None)
    if selector.pseudoattribute_type is _Pseudo.HOSTNAME:
        return agent.hostname
    domain = agent.domain.fault_domain if agent.domain is not None else None
    if domain is None:
        return None
    return domain.region.name if selector.pseudoattribute_type is _Pseudo.REGION else domain.zone.name
