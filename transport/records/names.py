"""What roles and ids may look like (mesos-protocol.md §9.6), and which role stands above which."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_BLANK_OR_BACKSPACE = re.compile(r"[ \t\n\v\f\r\b\x7f]")
#: Mesos has no bound; here roles are kept by all who know of them, and sent in one message with others.
_MOST_ROLE_BYTES: Final = 1_024
_CONTROL_OR_SLASH = re.compile(r"[\x00-\x1f\x7f/\\]")


def role_error(role: str) -> str | None:
    """Which rule `role` breaks, or None if it can be a role's name."""
    if role == "*":
        return None
    if not role:
        return "role '': must not be empty"
    if _bytes(role) > _MOST_ROLE_BYTES:
        return f"role {role[:20]!r}...: must not be longer than {_MOST_ROLE_BYTES} bytes"
    for component in role.split("/"):
        if not component:
            return f"role {role!r}: must not begin or end with a slash, nor have two in a row"
        if component in (".", "..", "*"):
            return f"role {role!r}: {component!r} must not be a component"
        if component.startswith("-"):
            return f"role {role!r}: a component must not begin with a dash"
        if _BLANK_OR_BACKSPACE.search(component):
            return f"role {role!r}: must have neither blanks nor backspaces"
    return None


def id_error(identifier: str) -> str | None:
    """Which rule a task, executor, framework, agent or volume id breaks, or None."""
    if not identifier:
        return "id '': must not be empty"
    if _bytes(identifier) > 255:
        return f"id {identifier[:20]!r}...: must not be longer than 255 bytes"
    if identifier in (".", ".."):
        return f"id {identifier!r}: must be neither '.' nor '..'"
    if _CONTROL_OR_SLASH.search(identifier):
        return f"id {identifier!r}: must have no control characters, slashes or backslashes"
    return None


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def is_strict_subrole(role: str, ancestor: str) -> bool:
    """Whether `role` lies below `ancestor`, as a/b lies below a."""
    return role.startswith(ancestor) and role[len(ancestor) : len(ancestor) + 1] == "/"


def role_path(role: str) -> Iterator[str]:
    """The role and those above it, from the top: a, a/b, a/b/c."""
    end = role.find("/")
    while end >= 0:
        yield role[:end]
        end = role.find("/", end + 1)
    yield role
