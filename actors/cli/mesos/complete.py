"""List what may stand in place of the last of some words: what `mesos completion` asks."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final

from actors.cli.mesos import configuration
from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.command import COMMANDS, Command, Group
from actors.cli.parser import CommandError, UsageError

#: Nobody waits longer for a cluster while they type.
_TIMEOUT_SECONDS: Final = 1.0
_SHELLS: Final = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    """Take the words behind `mesos`."""
    parser.add_argument("words", nargs=argparse.REMAINDER, help="the words, of which the last is completed")


def run(arguments: argparse.Namespace) -> int:
    """Print them, one in a line."""
    words = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
    for word in candidates(words or [""]):
        print(word)
    return 0


def candidates(words: Sequence[str]) -> list[str]:
    """What begins like the last word, and may stand there."""
    *before, begun = words
    return [word for word in _possible(before, begun) if word.startswith(begun)]


def _possible(before: Sequence[str], begun: str) -> Iterable[str]:
    if not before:
        return [name for name in COMMANDS if name != "complete"]
    known, behind = COMMANDS.get(before[0]), before[1:]
    if isinstance(known, Group):
        if not behind:
            return known.commands
        known, behind = known.commands.get(behind[0]), behind[1:]
    return () if known is None else _arguments(known, behind, begun)


def _arguments(known: Command, behind: Sequence[str], begun: str) -> Iterable[str]:
    taken = _Taken()
    if known.asks:
        configuration.configure(taken)
    importlib.import_module(known.module).configure(taken)
    if begun.startswith("-"):
        return taken.options
    return _values(taken, [word for word in behind if not word.startswith("-")])


def _values(taken: _Taken, given: Sequence[str]) -> Iterable[str]:
    """What the next argument without a name may be; options with a value in a word of its own mislead it."""
    name = taken.names[len(given)] if len(given) < len(taken.names) else ""
    if name == "shell":
        return _SHELLS
    found = configuration.configuration(argparse.Namespace(timeout=_TIMEOUT_SECONDS), os.environ)
    try:
        if name == "task_id":
            with Cluster(found) as cluster:
                return [task.task_id.value for task in cluster.tasks() if not task.state.terminal]
        if name == "framework_id":
            with Cluster(found) as cluster:
                infos = [framework.framework_info for framework in cluster.frameworks()]
            return [info.id.value for info in infos if info.id is not None]
    except (CommandError, UsageError):
        pass
    return ()


class _Taken(argparse.ArgumentParser):
    """Notes what a command takes."""

    def __init__(self) -> None:
        self.options: list[str] = []
        self.names: list[str] = []
        super().__init__(add_help=False)

    def add_argument(self, *names: str, **settings: Any) -> argparse.Action:
        """Note an argument."""
        known = self.options if names[0].startswith("-") else self.names
        known.extend(names)
        return super().add_argument(*names, **settings)
