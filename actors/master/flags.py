"""The flags of `mesos-master` (mesos-flags.tsv)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from actors.flags import Missing, flag
from actors.master.missing import MISSING
from actors.master.removal_rate import RemovalRate
from actors.node.daemon import MesosFlags
from actors.node.flags import is_port
from actors.units import Duration


def _ping_timeout(value: Duration) -> str | None:
    return None if 1 <= value.seconds <= 900 else "must be from 1secs to 15mins"


def _reregister_timeout(value: Duration) -> str | None:
    return None if value.seconds >= 600 else "must be at least 10mins"


def _at_least_one(value: int) -> str | None:
    return None if value >= 1 else "must be at least 1"


def _percentage(text: str) -> str | None:
    number = text.removesuffix("%")
    if not text.endswith("%") or not number.replace(".", "", 1).isdecimal() or float(number) > 100:
        return "must be a percentage, as in 50%"
    return None


def _share(text: str | None) -> str | None:
    return None if text is None else _percentage(text)


def _removal_rate(value: str | None) -> str | None:
    try:
        RemovalRate.parse(value)
    except ValueError:
        return "must be a number of agents and a duration, as in 1/10mins"
    return None


def _positive(value: Duration | None) -> str | None:
    return None if value is None or value.nanoseconds > 0 else "must be more than 0"


def _quorum(value: int | None) -> str | None:
    return None if value is None or value >= 1 else "must be at least 1"


def _session_timeout(value: Duration) -> str | None:
    return None if 1 <= value.seconds <= 3600 else "must be from 1secs to 1hrs"


class MasterFlags(MesosFlags):
    """A master offers the agents' resources to frameworks, and has the agents run what they launch."""

    missing: ClassVar[Mapping[str, Missing]] = MISSING

    port: int = flag(5050, "Port to listen on.", check=is_port)
    work_dir: Path | None = flag(None, "Folder for the registry; must be given unless --registry=in_memory.")
    registry: Literal["replicated_log", "in_memory"] = flag(
        "replicated_log", "Where the registry is kept: on disk, or nowhere."
    )
    zk: str | None = flag(
        None,
        "Where masters stand for election, as in zk://user:password@host1:2181,host2:2181/mesos, the same "
        "for all of them, or file:///path of a file that says so; without it this is the only master.",
    )
    zk_session_timeout: Duration = flag(
        Duration.of(10), "How long ZooKeeper may hear nothing of a master.", check=_session_timeout
    )
    quorum: int | None = flag(
        None,
        "How many masters must have a change of the registry on disk, more than half of them: 2 of 3, or "
        "3 of 5. Must be given with --zk; without it, 1.",
        check=_quorum,
    )
    log_auto_initialize: bool = flag(
        True,
        "Whether masters that find nothing on all their disks begin with an empty registry; else `pion log "
        "initialize` must be run on each.",
    )
    on_leadership_loss: Literal["rejoin", "exit"] = flag(
        "rejoin",
        "What to do when leadership is over: stand for election again in the same process, in which the "
        "log's replica goes on voting, so that no service manager is needed; or exit with an error, as Mesos "
        "does.",
    )
    cluster: str | None = flag(None, "Name of the cluster, for people to read.")
    registry_fetch_timeout: Duration = flag(Duration.of(60), "How long reading the registry may take.")
    registry_store_timeout: Duration = flag(Duration.of(20), "How long writing the registry may take.")
    agent_ping_timeout: Duration = flag(
        Duration.of(15),
        "How long an agent may take to answer a ping.",
        aliases=("slave_ping_timeout",),
        check=_ping_timeout,
    )
    max_agent_ping_timeouts: int = flag(
        5,
        "An agent that leaves so many pings in a row unanswered is unreachable.",
        aliases=("max_slave_ping_timeouts",),
        check=_at_least_one,
    )
    agent_reregister_timeout: Duration = flag(
        Duration.of(600),
        "How long agents have to come back after a failover, or after their connection broke.",
        aliases=("slave_reregister_timeout",),
        check=_reregister_timeout,
    )
    recovery_agent_removal_limit: str = flag(
        "100%",
        "Should more of the known agents than this not come back after a failover, the master ends "
        "instead of giving them up.",
        aliases=("recovery_slave_removal_limit",),
        check=_percentage,
    )
    agent_removal_rate_limit: str | None = flag(
        None,
        "How many silent agents may be given up in how much time, as in 1/10mins; no limit unless given.",
        aliases=("slave_removal_rate_limit",),
        check=_removal_rate,
    )
    agent_mass_loss_limit: str | None = flag(
        None,
        "When this share of the agents is lost within the time that one may be silent, as in 50%, none is "
        "given up until enough are back, or for --agent_reregister_timeout; no limit unless given, as in "
        "Mesos.",
        check=_share,
    )
    registry_gc_interval: Duration = flag(
        Duration.of(900), "How often the registry forgets unreachable and gone agents."
    )
    registry_max_agent_age: Duration = flag(
        Duration.of(14 * 86400), "For how long unreachable and gone agents are remembered."
    )
    registry_max_agent_count: int = flag(102400, "How many unreachable and gone agents are remembered.")
    allocation_interval: Duration = flag(
        Duration.of(1), "How long to wait between batches of offers.", check=_positive
    )
    offer_timeout: Duration | None = flag(
        None, "How long a framework may sit on an offer; for ever unless given.", check=_positive
    )
    root_submissions: bool = flag(True, "Whether frameworks may run as root.")
    role_sorter: Literal["drf", "random"] = flag(
        "drf", "How roles take turns: by fair share, or by weighted chance.", aliases=("user_sorter",)
    )
    framework_sorter: Literal["drf", "random"] = flag("drf", "How the frameworks of a role take turns.")
    min_allocatable_resources: str = flag(
        "cpus:0.01|mem:32", "The least that is worth an offer: one of these, separated by |."
    )
    fair_sharing_excluded_resource_names: str | None = flag(
        None, "Names of resources that do not count for fair shares, separated by commas."
    )
    filter_gpu_resources: bool = flag(
        True, "Whether agents with GPUs are offered only to frameworks that ask for them."
    )
    allocator_agent_recovery_factor: float = flag(
        0.8, "Share of the known agents that must be back after a failover before quotas are met."
    )
    allocator_recovery_timeout: Duration = flag(Duration.of(600), "How long to wait for them.")
    roles: str | None = flag(None, "The only roles that there are, separated by commas; any unless given.")
    publish_per_framework_metrics: bool = flag(True, "Whether the metrics tell of each framework, too.")
    max_completed_frameworks: int = flag(50, "How many frameworks that ended are remembered.")
    max_completed_tasks_per_framework: int = flag(1000, "How many tasks that ended are remembered of each.")
    max_unreachable_tasks_per_framework: int = flag(
        1000, "How many tasks on unreachable agents are remembered of each."
    )
    max_operator_event_stream_subscribers: int = flag(
        1000,
        "How many operators may watch the cluster; with one more, the one that has longest ends.",
        check=_at_least_one,
    )

    @property
    def mass_loss_share(self) -> float | None:
        """Of --agent_mass_loss_limit, the part of 1."""
        return None if self.agent_mass_loss_limit is None else _part(self.agent_mass_loss_limit)

    @property
    def recovery_removal_share(self) -> float:
        """Of --recovery_agent_removal_limit, the part of 1."""
        return _part(self.recovery_agent_removal_limit)


def _part(percentage: str) -> float:
    return float(percentage.removesuffix("%")) / 100
