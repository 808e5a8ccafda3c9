"""List the agents of the cluster."""

from __future__ import annotations

import argparse

from actors.cli.mesos.cluster import Agent, Cluster, agent_address
from actors.cli.mesos.output import amounts, show
from transport.record import Record


def configure(_parser: argparse.ArgumentParser) -> None:
    """It takes nothing of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    with Cluster.of(arguments) as cluster:
        agents = sorted(cluster.agents(), key=lambda agent: agent.agent_info.hostname)
    headings = ("AGENT ID", "HOSTNAME", "ACTIVE", "ADDRESS", "CPUS", "MEM", "DISK", "VERSION")
    rows = [_row(agent) for agent in agents]
    records: list[Record] = list(agents)
    return show(arguments, headings, rows, records, "The cluster does not have any agents.")


def _row(agent: Agent) -> tuple[object, ...]:
    identifier = agent.agent_info.id
    used, total = amounts(agent.allocated_resources), amounts(agent.total_resources)
    return (
        "" if identifier is None else identifier.value,
        agent.agent_info.hostname,
        agent.active,
        agent_address(agent),
        *(f"{used[name]:g}/{total[name]:g}" for name in ("cpus", "mem", "disk")),
        agent.version,
    )
