"""The daemon `mesos-master`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actors.cli.daemon import Daemon, run
from actors.master.daemon import MasterCrew
from actors.master.flags import MasterFlags

MASTER = Daemon(name="mesos-master", flags=MasterFlags, prefix="MESOS_", crew=MasterCrew)


def main(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Lead a cluster until told to stop; raises FlagError, or CommandError when it cannot start."""
    return run(MASTER, words, environment)
