"""How often the daemons of Pion let Python look for garbage."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """Look for cycles a hundred times less often, and never among what is there already.

    For a daemon, once its modules are imported. Messages make no cycles, but by default Python looks for
    some after every 700 objects, which is a few dozen messages; on the wire that costs a fifth of the
    throughput, and every look stops all actors (reliability.md K8).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
