"""Taking on limits of a process. For a container's child: it imports only what is quick to import."""

from __future__ import annotations

import resource
from collections.abc import Iterable

from containerizers.linux.syscalls import StepError


def apply(limits: Iterable[tuple[str, int, int, int]]) -> None:
    """Set limits, as `rlimits.plan` gives them; raises StepError."""
    for name, number, soft, hard in limits:
        try:
            resource.setrlimit(number, (soft, hard))
        except (ValueError, OSError) as error:
            now = resource.getrlimit(number)[1]
            raise StepError(
                f"rlimits: {name!r} cannot be set to {soft} and {hard}; the hard one is {now}: {error}"
            ) from None
