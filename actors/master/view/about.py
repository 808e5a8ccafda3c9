"""What a master's node says about itself in /state, whoever leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec

from actors.build import version_info
from actors.gateway.ordinary import shown_flags
from actors.master.flags import MasterFlags


class About(msgspec.Struct, frozen=True):
    """Keys and values of /state, and when the daemon was started, in seconds since the Unix epoch."""

    started_at: float
    cluster: str | None
    state: Mapping[str, Any]

    @classmethod
    def of(cls, flags: MasterFlags, started_at: float) -> Self:
        """What these flags make known."""
        state: dict[str, Any] = dict(msgspec.to_builtins(version_info()))
        for name in ("cluster", "log_dir", "external_log_file"):
            value = getattr(flags, name, None)
            if value is not None:
                state[name] = str(value)
        state["flags"] = shown_flags(flags)
        return cls(started_at, flags.cluster, state)
