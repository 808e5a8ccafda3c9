"""What dockerd says of a container, as far as it matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from containerizers.containerizer import Limitation

_NEVER = "0001-01-01T00:00:00Z"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A container as `docker inspect` shows it."""

    docker_id: str
    labels: Mapping[str, str]
    #: Whether it runs now; it may have ended, or not been started.
    runs: bool = False
    #: Its first process; 0 when there is none.
    process: int = 0
    #: How it ended, as a shell tells it; None unless it has run and ended.
    exit_code: int | None = None
    #: Killed because it used more memory than it may.
    out_of_memory: bool = False
    memory_limit_bytes: int | None = None
    #: Why it could not be started.
    error: str = ""
    addresses: tuple[str, ...] = ()
    #: The file of JSON lines that holds what it wrote; empty where there is none.
    journal: str = ""
    finished_at: str = ""

    @property
    def was_started(self) -> bool:
        """Whether it runs, or has run."""
        return self.runs or self.exit_code is not None

    @property
    def limitation(self) -> Limitation | None:
        """That it used too much memory, in Mesos' words; what it used at most was what it may."""
        if not self.out_of_memory:
            return None
        if self.memory_limit_bytes is None:
            return Limitation("memory", "Memory limit exceeded")
        size = f"{self.memory_limit_bytes // 2**20}MB"
        message = f"Memory limit exceeded: Requested: {size} Maximum Used: {size}"
        return Limitation("memory", message, self.memory_limit_bytes)


class Listed(NamedTuple):
    """A container as `docker ps` shows it."""

    docker_id: str
    name: str
    labels: Mapping[str, str]


def see(described: Mapping[str, Any]) -> Seen:
    """Read the answer to an inspect; raises ValueError for one that is none.

    A container has ended only if it says when: after a restart of dockerd there are exit codes of
    containers that still run (reliability.md D6).
    """
    try:
        state = described["State"]
        finished_at = _text(state["FinishedAt"])
        runs = bool(state["Running"])
        ended = not runs and not state.get("Restarting") and finished_at not in ("", _NEVER)
        return Seen(
            docker_id=_text(described["Id"]),
            labels=_labels(described["Config"].get("Labels")),
            runs=runs,
            process=_number(state["Pid"]) if runs else 0,
            exit_code=_number(state["ExitCode"]) if ended else None,
            out_of_memory=bool(state.get("OOMKilled")),
            memory_limit_bytes=_number((described.get("HostConfig") or {}).get("Memory") or 0) or None,
            error=_text(state.get("Error") or ""),
            addresses=_addresses(described.get("NetworkSettings") or {}),
            journal=_text(described.get("LogPath") or ""),
            finished_at=finished_at,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"dockerd describes a container without {error}") from None


def listed(brief: Mapping[str, Any]) -> Listed:
    """Read one of a list; raises ValueError, KeyError."""
    names = brief.get("Names") or ("",)
    return Listed(_text(brief["Id"]), _text(names[0]).removeprefix("/"), _labels(brief.get("Labels")))


def _addresses(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Those in all its networks, IPv4 first in each."""
    found: dict[str, None] = {}
    for network in (settings.get("Networks") or {}).values():
        for key in ("IPAddress", "GlobalIPv6Address"):
            if network.get(key):
                found[_text(network[key])] = None
    return tuple(found)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"text, but with {value!r}")  # noqa: TRY004  an answer's fault
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError(f"a number, but with {value!r}")  # noqa: TRY004  likewise
    return value


def _labels(value: object) -> Mapping[str, str]:
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"labels, but with {value!r}")
    return value or {}
