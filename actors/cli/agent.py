"""The daemon `mesos-agent`."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence

from actors.agent.daemon import AgentCrew, unregister
from actors.agent.flags import AgentFlags
from actors.cli.daemon import Daemon, run

AGENT = Daemon(
    name="mesos-agent",
    flags=AgentFlags,
    prefix="MESOS_",
    crew=AgentCrew,
    signals={signal.SIGUSR1: unregister},
)


def main(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run tasks until told to stop; raises FlagError, or CommandError when it cannot start."""
    return run(AGENT, words, environment)
