"""Tell how the cluster is doing; with --json, its whole state as Mesos' /state tells it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import amounts, pretty, wants_json
from transport.records.master_call import Call


def configure(_parser: argparse.ArgumentParser) -> None:
    """It takes nothing of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    with Cluster.of(arguments) as cluster:
        if wants_json(arguments):
            print(pretty(cluster.master.get("/state")))
        else:
            print("\n".join(_lines(cluster)))
    return 0


def _lines(cluster: Cluster) -> Iterator[str]:
    version = cluster.master.ask(Call(type=Call.Type.GET_VERSION)).get_version
    agents, frameworks = cluster.agents(), cluster.frameworks()
    states = Counter(task.state.value for task in cluster.tasks())
    total = amounts(one for agent in agents for one in agent.total_resources)
    used = amounts(one for agent in agents for one in agent.allocated_resources)
    yield f"leader      {cluster.master.client.address}"
    yield f"version     {version.version_info.version if version else ''}"
    yield f"agents      {len(agents)}, of which {sum(agent.active for agent in agents)} active"
    yield f"frameworks  {len(frameworks)}, of which {sum(one.active for one in frameworks)} active"
    yield f"tasks       {', '.join(f'{count} {state}' for state, count in sorted(states.items())) or 'none'}"
    for name in ("cpus", "gpus", "mem", "disk"):
        if total[name]:
            yield f"{name:<12}{used[name]:g} of {total[name]:g} used"
