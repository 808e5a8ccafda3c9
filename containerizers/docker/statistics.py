"""What containers use, by dockerd's word: for those of which the kernel shows nothing here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from containerizers.containerizer import Usage
from containerizers.docker.calls import Calls
from containerizers.docker.errors import DockerError

if TYPE_CHECKING:
    from containerizers.docker.client import Client

_PATIENCE_SECONDS = 5.0
_NANOSECONDS = 1e9


def ask(calls: Calls, names: Mapping[str, str]) -> dict[str, Usage]:
    """Ask dockerd of containers, by id their names; it may leave some out, or be too slow."""
    found: dict[str, Usage] = {}
    left = threading.Semaphore(0)

    def look(client: Client, container_id: str, name: str) -> None:
        try:
            found[container_id] = usage_of(client.stats(name))
        except (DockerError, ValueError):
            return
        finally:
            left.release()

    for container_id, name in names.items():
        calls.submit(lambda client, one=container_id, name=name: look(client, one, name))  # type: ignore[misc]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for _ in names:
        if not left.acquire(timeout=max(0.0, deadline - time.monotonic())):
            break
    return dict(found)


def usage_of(stats: Mapping[str, Any]) -> Usage:
    """Read what dockerd says; raises ValueError for what is no answer to that."""
    try:
        cpu, memory = stats["cpu_stats"], stats.get("memory_stats") or {}
        turns = cpu.get("throttling_data") or {}
        pages = memory.get("stats") or {}
        networks = list((stats.get("networks") or {}).values())
        count = int((stats.get("pids_stats") or {}).get("current") or 0)
        return Usage(
            processes=count,
            threads=count,
            user_seconds=cpu["cpu_usage"]["usage_in_usermode"] / _NANOSECONDS,
            system_seconds=cpu["cpu_usage"]["usage_in_kernelmode"] / _NANOSECONDS,
            memory_bytes=int(pages.get("total_rss", pages.get("anon", 0))),
            cpu_periods=turns.get("periods"),
            throttled_periods=turns.get("throttled_periods"),
            throttled_seconds=turns.get("throttled_time", 0) / _NANOSECONDS,
            total_memory_bytes=memory.get("usage"),
            memory_limit_bytes=memory.get("limit"),
            received_bytes=_sum(one["rx_bytes"] for one in networks) if networks else None,
            sent_bytes=_sum(one["tx_bytes"] for one in networks) if networks else None,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"dockerd tells of no {error}") from None


def _sum(counts: Iterable[int]) -> int:
    return sum(counts)
