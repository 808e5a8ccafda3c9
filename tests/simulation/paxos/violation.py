"""What a checker raises."""

from __future__ import annotations

from typing import NoReturn


class Violation(AssertionError):  # noqa: N818  it is no error of the checker
    """Something happened that never may; the message begins with the number of the invariant."""


def violated(invariant: str, *story: object) -> NoReturn:
    """Raise Violation: `invariant` as reliability.md numbers it, and what happened."""
    raise Violation(f"{invariant}: " + " ".join(map(str, story)))
