"""How often which kind of fault happens at random."""

from __future__ import annotations

import random
from typing import Any

import msgspec


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Mean seconds between two faults of each kind; 0 for never.

    A node that `boot` would not bring back is never crashed, killed or struck.
    """

    #: A node loses power.
    crash_seconds: float = 0.0
    #: A node's process is killed.
    kill_seconds: float = 0.0
    #: A node loses power at one of the fault points that it has passed before.
    strike_seconds: float = 0.0
    #: A node stops in place.
    pause_seconds: float = 0.0
    #: A node's turns take hundreds of times as long.
    slow_seconds: float = 0.0
    #: The nodes fall into two halves.
    partition_seconds: float = 0.0
    #: One direction between two nodes goes dead.
    cut_seconds: float = 0.0
    #: The connection of two nodes is reset.
    disconnect_seconds: float = 0.0
    #: Messages between two nodes are delayed, lost, doubled and reordered.
    weather_seconds: float = 0.0
    #: A node's wall clock jumps.
    jump_seconds: float = 0.0
    #: A node's monotonic clock goes wrong by up to 2%.
    drift_seconds: float = 0.0
    #: An operation of a node's disk fails.
    disk_error_seconds: float = 0.0
    #: An actor crashes that may be restarted.
    actor_seconds: float = 0.0

    #: How long a fault lasts, at least and at most; most last rather shorter.
    lasting_seconds: tuple[float, float] = (0.05, 30.0)
    #: So many nodes may be down or paused at a time.
    most_down: int = 1
    #: Names of nodes that no fault befalls but those of the network.
    spared: tuple[str, ...] = ()

    @classmethod
    def swarm(cls, rng: random.Random, **others: Any) -> Plan:
        """About half of the kinds, each at a rate of its own: seeds that differ find bugs that differ."""
        rates = {kind: 10 ** rng.uniform(0.3, 1.8) for kind in KINDS if rng.random() < 0.5}
        return cls(**{**rates, **others})


#: The fields of a plan that are mean seconds between faults of one kind.
KINDS = tuple(
    name for name in Plan.__struct_fields__ if name not in ("lasting_seconds", "most_down", "spared")
)
