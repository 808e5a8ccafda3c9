"""Changing what a container may use while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from containerizers.docker.request import limits_body
from containerizers.spec import Limits

if TYPE_CHECKING:
    from containerizers.docker.client import Client


def update(client: Client, name: str, limits: Limits, host_memory_bytes: int) -> None:
    """Have dockerd change them; raises DockerError."""
    body = limits_body(limits, host_memory_bytes)
    if "Memory" in body:
        present = client.inspect(name).get("HostConfig")
        old = [present.get(key) if isinstance(present, dict) else 0 for key in ("Memory", "MemorySwap")]
        memory, swap = (size if isinstance(size, int) else 0 for size in old)
        body["MemorySwap"] = swap_limit(body["Memory"], memory, swap)
    client.update(name, body)


def swap_limit(memory_bytes: int, old_memory_bytes: int, old_swap_bytes: int) -> int:
    """What memory and swap are limited to together, by what that was before.

    Docker gives as much swap as memory unless it is told otherwise; and refuses a limit of memory above
    this one.
    """
    if old_swap_bytes < 0:
        return -1
    if old_swap_bytes == 0 or old_memory_bytes == 0 or old_swap_bytes == 2 * old_memory_bytes:
        return 2 * memory_bytes
    return memory_bytes + max(0, old_swap_bytes - old_memory_bytes)
