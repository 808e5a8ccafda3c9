"""The flags of `mesos-agent` (mesos-flags.tsv)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from actors.agent.container_flags import ContainerFlags
from actors.agent.missing import MISSING
from actors.flags import Missing, flag, required
from actors.node.daemon import MesosFlags
from actors.node.flags import is_port
from actors.units import Duration


def _reregistration(value: Duration) -> str | None:
    return None if 0 < value.seconds <= 15 else "must be more than 0 and at most 15secs"


def _session_timeout(value: Duration) -> str | None:
    return None if 1 <= value.seconds <= 3600 else "must be from 1secs to 1hrs"


def _heartbeat(value: Duration) -> str | None:
    return None if value.seconds >= 0.1 else "must be at least 100ms"


def _part(value: float) -> str | None:
    return None if 0 <= value <= 1 else "must be from 0 to 1"


class AgentFlags(ContainerFlags, MesosFlags):
    """An agent tells the master what its host has, and runs there what frameworks launch."""

    missing: ClassVar[Mapping[str, Missing]] = MISSING

    port: int = flag(5051, "Port to listen on.", check=is_port)
    master: str = required(
        "Where the leading master is found: zk://[user:password@]host:port,host:port/path; host:port of any "
        "master; or file:///path of a file that says so."
    )
    zk_session_timeout: Duration = flag(
        Duration.of(10), "How long ZooKeeper may hear nothing of the agent.", check=_session_timeout
    )
    work_dir: Path = required("Folder for checkpoints, and for the sandboxes that tasks run in.")
    runtime_dir: Path | None = flag(
        None,
        "Folder for what is of no use after a reboot, of this agent alone; /var/run/mesos unless given, if "
        "that can be used.",
    )
    resources: str | None = flag(
        None, "What there is to offer, as in cpus:4;mem:1024, or JSON; what is not named is detected."
    )
    default_role: str = flag("*", "Role of the resources that name none.")
    attributes: str | None = flag(None, "What to know about this host, as in rack:abc;zone:1.")
    switch_user: bool = flag(True, "Whether tasks run as their framework's user, or as the agent's.")
    registration_backoff_factor: Duration = flag(
        Duration.of(1), "Longest pause before the first try to register; doubles with each, up to 1mins."
    )
    recover: Literal["reconnect", "cleanup"] = flag(
        "reconnect", "What to do with executors of an agent before: reconnect, or kill them and end."
    )
    strict: bool = flag(True, "Whether a checkpoint that cannot be read ends the agent, or is passed over.")
    recovery_timeout: Duration = flag(
        Duration.of(900), "How long executors wait for an agent to come back before they end."
    )
    reconfiguration_policy: Literal["equal", "additive"] = flag(
        "equal", "How what the agent says of itself may change at a restart: not at all, or only grow."
    )
    executor_registration_timeout: Duration = flag(
        Duration.of(60), "How long an executor may take to subscribe."
    )
    executor_reregistration_timeout: Duration = flag(
        Duration.of(2), "How long executors have to subscribe again after a restart.", check=_reregistration
    )
    executor_shutdown_grace_period: Duration = flag(
        Duration.of(5), "How long an executor may take to shut down."
    )
    executor_environment_variables: str | None = flag(
        None, "JSON object of what every executor finds in its environment."
    )
    gc_delay: Duration = flag(Duration.of(7 * 86400), "The longest that a finished sandbox is kept.")
    gc_disk_headroom: float = flag(
        0.1, "Sandboxes go the earlier, the less of the disk is free above this part.", check=_part
    )
    disk_watch_interval: Duration = flag(Duration.of(60), "How often to look how full the disk is.")
    http_heartbeat_interval: Duration = flag(
        Duration.of(30), "How often clients attached to containers hear that all is well.", check=_heartbeat
    )
    max_completed_executors_per_framework: int = flag(150, "How many executors that ended are remembered.")
