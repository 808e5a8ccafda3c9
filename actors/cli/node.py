"""The daemon `pion node`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actors.cli.daemon import Daemon, run
from actors.node.crew import PluggedIn
from actors.node.flags import NodeFlags

NODE = Daemon(name="pion node", flags=NodeFlags, prefix="PION_", crew=lambda flags: PluggedIn(flags.actor))


def main(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Host actors until told to stop; raises FlagError, or CommandError when the node cannot start."""
    return run(NODE, words, environment)
