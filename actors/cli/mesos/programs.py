"""The programs mesos-ps, mesos-cat and mesos-tail, with the options that they have in Mesos."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from actors.cli.ending import ending
from actors.cli.mesos import cat, ps, tail
from actors.cli.mesos.command import run_module


def mesos_ps(words: Sequence[str] | None = None) -> int:
    """Be the program `mesos-ps`."""
    return ending("mesos-ps", lambda: run_module(ps, "mesos-ps", _words(words)))


def mesos_cat(words: Sequence[str] | None = None) -> int:
    """Be the program `mesos-cat`."""
    return ending("mesos-cat", lambda: run_module(cat, "mesos-cat", _words(words)))


def mesos_tail(words: Sequence[str] | None = None) -> int:
    """Be the program `mesos-tail`."""
    return ending("mesos-tail", lambda: run_module(tail, "mesos-tail", _words(words)))


def _words(words: Sequence[str] | None) -> Sequence[str]:
    return sys.argv[1:] if words is None else words
