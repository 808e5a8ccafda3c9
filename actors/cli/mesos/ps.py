"""List the running tasks of the cluster with what they use: mesos-ps."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

import msgspec

from actors.cli.mesos.cluster import Cluster
from actors.cli.mesos.output import amounts, pretty, wants_json, warn
from actors.cli.parser import CommandError
from actors.cli.table import table
from transport.records.agent_call import Call
from transport.records.ids import AgentID
from transport.records.statistics import ResourceStatistics
from transport.records.task import Task
from transport.records.task_status import TaskState

#: Agents that are asked at a time.
_AT_A_TIME: Final = 16
_MB: Final = 1024.0 * 1024.0
_HEADINGS: Final = ("USER", "FRAMEWORK", "TASK", "AGENT", "MEM", "TIME", "CPUS (allocated)")

#: What executors use, by the ids of their framework and their own.
_Usage: TypeAlias = Mapping[tuple[str, str], ResourceStatistics]


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A running task."""

    user: str
    framework: str
    task: str
    task_id: str
    agent: str
    #: Of its executor; None where its agent does not tell.
    mem_rss_bytes: int | None
    cpus_time_secs: float | None
    cpus: float


def configure(parser: argparse.ArgumentParser) -> None:
    """Take whether to say more."""
    parser.add_argument("--verbose", action="store_true", help="say which agents do not answer, and why")


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    with Cluster.of(arguments) as cluster:
        processes = running(cluster, verbose=arguments.verbose)
    if wants_json(arguments):
        print(pretty(msgspec.json.encode(processes)))
    else:
        print(table(_HEADINGS, [_row(one) for one in processes]))
    return 0


def running(cluster: Cluster, *, verbose: bool) -> list[Process]:
    """The running tasks, by framework; an agent that does not answer leaves what its tasks use unknown."""
    tasks = [task for task in cluster.tasks() if task.state is TaskState.TASK_RUNNING]
    infos = {one.framework_info.id: one.framework_info for one in cluster.frameworks()}
    hosts = {one.agent_info.id: one.agent_info.hostname for one in cluster.agents()}
    agents = list(dict.fromkeys(task.agent_id for task in tasks))
    usages = _usages(cluster, agents, verbose=verbose)
    found = []
    for task in tasks:
        info = infos.get(task.framework_id)
        used = usages[task.agent_id].get((task.framework_id.value, _executor(task)))
        found.append(
            Process(
                user=task.user or ("" if info is None else info.user),
                framework=task.framework_id.value if info is None else info.name,
                task=task.name,
                task_id=task.task_id.value,
                agent=hosts.get(task.agent_id, task.agent_id.value),
                mem_rss_bytes=None if used is None else used.mem_rss_bytes,
                cpus_time_secs=None if used is None else _cpus_time(used),
                cpus=amounts(task.resources)["cpus"],
            )
        )
    return sorted(found, key=lambda one: (one.framework, one.task, one.task_id))


def _usages(cluster: Cluster, agents: Sequence[AgentID], *, verbose: bool) -> Mapping[AgentID, _Usage]:
    def usage(agent_id: AgentID) -> _Usage:
        try:
            told = cluster.agent(agent_id).ask(Call(type=Call.Type.GET_CONTAINERS)).get_containers
        except CommandError as error:
            if verbose:
                warn(str(error))
            return {}
        found: dict[tuple[str, str], ResourceStatistics] = {}
        for one in () if told is None else told.containers:
            if one.resource_statistics is not None and one.framework_id and one.executor_id:
                found[one.framework_id.value, one.executor_id.value] = one.resource_statistics
        return found

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        return dict(zip(agents, pool.map(usage, agents), strict=True))


def _executor(task: Task) -> str:
    return (task.executor_id.value if task.executor_id else "") or task.task_id.value


def _cpus_time(used: ResourceStatistics) -> float | None:
    if used.cpus_user_time_secs is None or used.cpus_system_time_secs is None:
        return None
    return used.cpus_user_time_secs + used.cpus_system_time_secs


def _row(one: Process) -> tuple[object, ...]:
    memory = "" if one.mem_rss_bytes is None else f"{one.mem_rss_bytes / _MB:.1f} MB"
    time = "" if one.cpus_time_secs is None else _clock(one.cpus_time_secs)
    return one.user, one.framework, one.task, one.agent, memory, time, f"{one.cpus:g}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{rest:09.6f}"
