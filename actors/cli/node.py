"""The daemon `pion node`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from actors.cli.parser import CommandError
from actors.flags import help_text, load
from actors.logging import Logs
from actors.node.flags import NodeFlags
from actors.node.garbage import collect_seldom
from actors.node.node import Node, StartError

PREFIX = "PION_"


def main(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Host actors until told to stop; raises FlagError, or CommandError when the node cannot start."""
    if "--help" in words:
        print(help_text(NodeFlags, "pion node [flags]", prefix=PREFIX))
        return 0
    flags = load(NodeFlags, words, environment, prefix=PREFIX)
    # As with `python -m`: whoever writes actors finds them from the folder that they stand in.
    sys.path.insert(0, str(Path.cwd()))
    logs = Logs(flags.logging_level)
    logs.install()
    node = Node(flags, logs, environment)
    _obey_signals(node)
    try:
        node.start()
    except StartError as error:
        raise CommandError(str(error)) from None
    collect_seldom()
    if not node.finishing:
        print(f"pion node {node.address}", flush=True)
    return node.wait()


def _obey_signals(node: Node) -> None:
    """Finish at the first SIGTERM or SIGINT; end at once at the second."""

    def finish(number: int, _frame: FrameType | None) -> None:
        if node.finishing:
            sys.stderr.flush()
            os._exit(128 + number)
        node.finish()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, finish)
