"""What keeps a program that is started in a container that runs: no less than what keeps the one it is for.

A check, or somebody's session, runs what may lie in the container's folder, and so must not be able to do
more than the container itself. What that is the kernel tells of its first process, even after a crash.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from containerizers.linux import capabilities
from containerizers.spec import Isolation

_FILTERED = "2"
#: As in `seccomp`, which most nodes never need.
_DEFAULT = "default"


def inherited(isolation: Isolation, process: int, proc: Path = Path("/proc")) -> Isolation:
    """What was asked for one that joins a process's container, and what it must have besides.

    Raises OSError when there is no such process. Of a filter the kernel tells only that there is one: who
    asks for none gets the default.
    """
    fields = capabilities.status(proc / str(process) / "status")
    bounds = int(fields["CapBnd"], 16)
    bounding = isolation.bounding_capabilities
    if bounds != capabilities.own(proc / "self/status").bounding:
        asked = ~0 if bounding is None else capabilities.mask(bounding, "bounding_capabilities")
        bounding = capabilities.names(bounds & asked)
    is_filtered = fields.get("Seccomp") == _FILTERED
    return msgspec.structs.replace(
        isolation,
        bounding_capabilities=bounding,
        no_new_privileges=isolation.no_new_privileges or fields.get("NoNewPrivs") == "1",
        seccomp=isolation.seccomp or (_DEFAULT if is_filtered else None),
    )
