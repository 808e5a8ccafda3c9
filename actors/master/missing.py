"""Flags of `mesos-master` whose feature is not there yet: each is refused, and says why.

A value that asks for what happens anyway is accepted: it is the default of mesos-flags.tsv.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actors.flags import Missing

#: By reason, the flags and the value of each that is accepted.
_BY_REASON: Final[Mapping[str, Mapping[str, str | None]]] = {
    "agents are kept from frameworks by roles and attributes": {
        "whitelist": None,
    },
    "weights are set while the master runs": {
        "weights": None,
    },
    "masters are elected by ZooKeeper: give --zk": {
        "master_contender": None,
        "master_detector": None,
    },
    "the registry is never strict, as in Mesos since 1.0": {
        "registry_strict": "false",
    },
    "nothing is served over HTTP yet": {
        "webui_dir": None,
        "firewall_rules": None,
        "advertise_port": None,
        "memory_profiling": "false",
    },
    "Pion does not authenticate or authorize anybody yet": {
        "authenticate_frameworks": "false",
        "authenticate": "false",
        "authenticate_agents": "false",
        "authenticate_slaves": "false",
        "authentication_v0_timeout": "15secs",
        "authenticate_http_readwrite": "false",
        "authenticate_http": "false",
        "authenticate_http_readonly": "false",
        "authenticate_http_frameworks": "false",
        "credentials": None,
        "acls": None,
        "authenticators": "crammd5",
        "authorizers": "local",
        "http_authenticators": "basic",
        "http_framework_authenticators": None,
    },
    "calls are not rate-limited yet": {
        "rate_limits": None,
    },
    "there is no limit to executors": {
        "max_executors_per_agent": None,
        "max_executors_per_slave": None,
    },
    "there are no modules: plug in actors of Python instead": {
        "modules": None,
        "modules_dir": None,
        "allocator": "hierarchical",
        "hooks": None,
    },
    "give --ip": {
        "ip_discovery_command": None,
    },
    "there are no fault domains yet": {
        "require_agent_domain": "false",
        "domain": None,
    },
    "the limit is fixed": {
        "offer_constraints_re2_max_mem": "4KB",
        "offer_constraints_re2_max_program_size": "100",
    },
    "lines are logged at once": {
        "logbufsecs": "0",
        "initialize_driver_logging": "true",
    },
}

MISSING: Final[Mapping[str, Missing]] = {
    name: Missing(reason, accepted)
    for reason, flags in _BY_REASON.items()
    for name, accepted in flags.items()
}
