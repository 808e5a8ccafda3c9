"""Where our answers differ on purpose from those of a real Mesos 1.3.2: patterns, by reasons, by files."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

Reasons = dict[str, list[str]]

_BUILD = {
    "which commit of Mesos it is built from: none": ["*git_sha is missing", "*git_tag is missing"],
    "who built it tells which Pion it is": ["*build_user is 'pion *"],
}
_STARTING = {"command executors tell that they start, since Mesos 1.5": ["*status*.state is *TASK_STARTING*"]}
_ADDRESS = {
    "an address names its protocol, by default, since Mesos 1.6": [
        "*network_infos[[][]].ip_addresses[[][]].protocol is added"
    ],
}
_LATER = {
    **_STARTING,
    **_ADDRESS,
    "a task names its user, since Mesos 1.4": ["*tasks[[][]].user is added"],
    "a task shows its health check, since Mesos 1.5": ["*tasks[[][]].health_check is added"],
}
_REASON = {
    "an update after a health check says so, since Mesos 1.4": ["*status*.reason is added"],
}
_AGENTS = {
    "agents can do more": ["*capabilities[[][]]* is 'AGENT_DRAINING' or *"],
    "agents are deactivated, since Mesos 1.11": ["*.deactivated is added"],
}
_EXECUTORS = {
    "a built-in executor is an actor of ours, no program": [
        "*executor_info.command.arguments is missing",
        "*executor_info.command.shell is True, not False",
        "*executor_info.command.value is missing",
    ],
    "executors have a type, since Mesos 1.3": ["*executor_info.type is added"],
}
_STATISTICS = {
    "processes and threads are always counted, which needed --cgroups_cpu_enable_pids_and_tids_count": [
        "*statistics.processes is added",
        "*statistics.threads is added",
    ],
}
_LOG = {
    "logs go to stderr or to where --external_log_file says": [
        "log_dir is missing",
        "external_log_file is added",
    ],
}
_MASTER = {"masters can do more": ["*capabilities is added"]}

#: For each group of files, why and how.
ALLOWED: dict[str, Reasons] = {
    "*/flags": {"flags have tables and tests of their own": ["flags.*"]},
    "*/GET_FLAGS": {},
    "*/version": _BUILD,
    "*/GET_VERSION": _BUILD,
    "*/state": {**_BUILD, **_LATER, **_AGENTS, **_LOG, "see flags": ["flags.*"]},
    "master/state": _MASTER,
    "agent/state": {
        "what is reserved and what is used, since Mesos 1.4": [
            "unreserved_resources_full is added",
            "*reserved_resources_allocated is added",
            "resource_providers is added",
        ],
        "executors have a type, since Mesos 1.3": ["*executors[[][]].type is added"],
    },
    "master/slaves": {
        **_AGENTS,
        "all resources in full, since Mesos 1.4": ["slaves[[][]].unreserved_resources_full is added"],
    },
    "master/state-summary": _AGENTS,
    "master/frameworks": _LATER,
    "master/tasks": _LATER,
    "master/roles": {
        "gpus are a number here, as in /state": ["roles[[][]].resources.gpus is number, not integer"],
        "roles tell their quota and what they have, since Mesos 1.9": [
            "roles[[][]].quota is added",
            "roles[[][]].allocated is added",
            "roles[[][]].offered is added",
            "roles[[][]].reserved is added",
        ],
    },
    "agent/containers": _STATISTICS,
    "agent/monitor_statistics": _STATISTICS,
    "v1-agent/GET_CONTAINERS": _STATISTICS,
    "updates/*": {**_ADDRESS, **_REASON},
    "stream/*": {**_ADDRESS, **_STARTING, **_MASTER},
    "v1-agent/GET_EXECUTORS": _EXECUTORS,
    "v1-*/GET_TASKS": {**_LATER, **_REASON},
    "v1-*/GET_STATE": {**_LATER, **_REASON, **_AGENTS, **_EXECUTORS},
    "v1-master/GET_AGENTS": _AGENTS,
    "v1-master/GET_MASTER": {
        **_MASTER,
        "when it started and was elected, since Mesos 1.8": [
            "get_master.start_time is added",
            "get_master.elected_time is added",
        ],
    },
    "master/registrar_registry": {
        **_MASTER,
        "what is unreserved names no role, since Mesos 1.4": ["*.resources[[]].role is missing"],
        "all agents checkpoint, since Mesos 0.26": ["*.info.checkpoint is missing"],
        "agents are deactivated, since Mesos 1.11": ["*.deactivated is added"],
        "what is empty is shown, too": ["machines is added", "unreachable is added", "gone is added"],
    },
    "*/metrics_snapshot": {
        "metrics that came later, and those of our own runtime": ["* is added"],
    },
    "agent/metrics_snapshot": {
        "of the containerizer of Mesos, which ours is not": ["containerizer/mesos/* is missing"],
    },
    "master/metrics_snapshot": {
        "event queues: ours are mailboxes, node/mailbox_depth": ["*/event_queue_* is missing"],
        "agents that are unreachable are no more shut down, since Mesos 1.5": [
            "master/slave_shutdowns_* is missing"
        ],
        "messages of libprocess alone": [
            "master/messages_authenticate is missing",
            "master/messages_deactivate_framework is missing",
        ],
        "metrics of one framework or role": [
            "allocator/mesos/roles/[*]/shares/dominant is missing",
            "allocator/mesos/offer_filters/roles/[*]/active is missing",
        ],
    },
}


def patterns(file: str) -> Iterator[str]:
    """How answers may differ from that golden file."""
    for files, reasons in ALLOWED.items():
        if fnmatchcase(file, files):
            for found in reasons.values():
                yield from found
