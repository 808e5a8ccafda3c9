"""Options of `docker run` and what they become."""

from __future__ import annotations

import random
from typing import Any

import pytest

from containerizers.docker.options import OPTIONS, SAFE_OPTIONS, apply_options, is_safe


def applied(*options: tuple[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    apply_options(body, options)
    return body


@pytest.mark.parametrize(
    ("option", "value", "body"),
    [
        ("env", "A=b=c", {"Env": ["A=b=c"]}),
        ("label", "a=b", {"Labels": {"a": "b"}}),
        ("label", "a", {"Labels": {"a": ""}}),
        ("workdir", "/x", {"WorkingDir": "/x"}),
        ("user", "1:2", {"User": "1:2"}),
        ("hostname", "h", {"Hostname": "h"}),
        ("entrypoint", "/bin/a 'b c'", {"Entrypoint": ["/bin/a", "b c"]}),
        ("stop-timeout", "5", {"StopTimeout": 5}),
        ("no-healthcheck", "true", {"Healthcheck": {"Test": ["NONE"]}}),
        ("health-cmd", "a b", {"Healthcheck": {"Test": ["CMD-SHELL", "a b"]}}),
        ("health-interval", "1m30.5s", {"Healthcheck": {"Interval": 90_500_000_000}}),
        ("expose", "80", {"ExposedPorts": {"80/tcp": {}}}),
        ("volume", "/data", {"Volumes": {"/data": {}}}),
        ("network-alias", "a", {"Endpoint": {"Aliases": ["a"]}}),
        ("ip", "10.0.0.1", {"Endpoint": {"IPAMConfig": {"IPv4Address": "10.0.0.1"}}}),
    ],
)
def test_options_of_the_container(option: str, value: str, body: dict[str, Any]) -> None:
    assert applied((option, value)) == body


@pytest.mark.parametrize(
    ("option", "value", "host"),
    [
        ("ulimit", "nofile=10:20", {"Ulimits": [{"Name": "nofile", "Soft": 10, "Hard": 20}]}),
        ("ulimit", "core=-1", {"Ulimits": [{"Name": "core", "Soft": -1, "Hard": -1}]}),
        ("add-host", "a:::1", {"ExtraHosts": ["a:::1"]}),
        ("dns", "1.1.1.1", {"Dns": ["1.1.1.1"]}),
        ("read-only", "", {"ReadonlyRootfs": True}),
        ("init", "false", {"Init": False}),
        ("tmpfs", "/t:size=1m", {"Tmpfs": {"/t": "size=1m"}}),
        ("tmpfs", "/t", {"Tmpfs": {"/t": ""}}),
        ("cap-add", "NET_ADMIN", {"CapAdd": ["NET_ADMIN"]}),
        ("cap-drop", "ALL", {"CapDrop": ["ALL"]}),
        (
            "device",
            "/dev/a",
            {"Devices": [{"PathOnHost": "/dev/a", "PathInContainer": "/dev/a", "CgroupPermissions": "rwm"}]},
        ),
        (
            "device",
            "/dev/a:/dev/b:r",
            {"Devices": [{"PathOnHost": "/dev/a", "PathInContainer": "/dev/b", "CgroupPermissions": "r"}]},
        ),
        (
            "device",
            "/dev/a:rw",
            {"Devices": [{"PathOnHost": "/dev/a", "PathInContainer": "/dev/a", "CgroupPermissions": "rw"}]},
        ),
        ("shm-size", "64m", {"ShmSize": 2**26}),
        ("shm-size", "1.5GiB", {"ShmSize": 3 * 2**29}),
        ("memory-swap", "-1", {"MemorySwap": -1}),
        ("cpus", "1.5", {"NanoCpus": 1_500_000_000}),
        ("sysctl", "net.core.somaxconn=1", {"Sysctls": {"net.core.somaxconn": "1"}}),
        ("security-opt", "seccomp:unconfined", {"SecurityOpt": ["seccomp=unconfined"]}),
        ("log-driver", "syslog", {"LogConfig": {"Type": "syslog"}}),
        ("log-opt", "tag=a", {"LogConfig": {"Config": {"tag": "a"}}}),
        ("volume", "/a:/b:ro", {"Binds": ["/a:/b:ro"]}),
        ("pid", "host", {"PidMode": "host"}),
        ("gpus", "all", {"DeviceRequests": [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}]}),
    ],
)
def test_options_of_the_host(option: str, value: str, host: dict[str, Any]) -> None:
    assert applied((option, value)) == {"HostConfig": host}


def test_the_last_variable_of_a_name_counts() -> None:
    body = {"Env": ["A=1", "B=2"]}
    apply_options(body, [("env", "A=3"), ("e", "C=4")])
    assert body == {"Env": ["B=2", "A=3", "C=4"]}


def test_lists_grow_and_mappings_gather() -> None:
    body = applied(("cap-drop", "A"), ("cap-drop", "B"), ("label", "a=1"), ("l", "b=2"))
    assert body == {"HostConfig": {"CapDrop": ["A", "B"]}, "Labels": {"a": "1", "b": "2"}}


@pytest.mark.parametrize(
    ("option", "value", "rule"),
    [
        ("ulimit", "nofile", "must be name=soft or name=soft:hard"),
        ("ulimit", "=1", "must be name=soft or name=soft:hard"),
        ("shm-size", "large", "must be a size"),
        ("cpu-shares", "x", "must be a whole number"),
        ("cpus", "many", "must be a number"),
        ("read-only", "maybe", "must be true or false"),
        ("health-interval", "10", "must be a duration"),
        ("device", "sda", "must be /dev/host"),
        ("device", "/dev/a:/dev/b:x", "must be /dev/host"),
        ("tmpfs", "t", "must be a path"),
        ("expose", "http", "must be a port"),
        ("add-host", "a", "must be name:address"),
        ("env", "=a", "must not be empty"),
        ("workdir", "", "must not be empty"),
        ("gpus", "some", "must be a whole number"),
    ],
)
def test_a_bad_value_is_told_with_its_option_and_the_rule(option: str, value: str, rule: str) -> None:
    with pytest.raises(ValueError, match=f"docker parameter '{option}': .*{rule}"):
        applied((option, value))


@pytest.mark.parametrize("option", ["name", "restart", "rm", "publish", "env-file", "tty", "detach"])
def test_what_is_the_agents_to_say_is_refused_with_a_reason(option: str) -> None:
    with pytest.raises(ValueError, match=f"docker parameter '{option}': is refused: "):
        applied((option, "x"))


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(ValueError, match="docker parameter 'volune': there is no such option"):
        applied(("volune", "/a:/b"))


def test_safe_options_lead_nowhere_outside() -> None:
    assert SAFE_OPTIONS <= OPTIONS
    outside = {
        "cap-add",
        "device",
        "pid",
        "ipc",
        "uts",
        "userns",
        "security-opt",
        "cgroup-parent",
        "privileged",
    }
    outside |= {
        "volume",
        "v",
        "volumes-from",
        "network",
        "net",
        "runtime",
        "gpus",
        "oom-kill-disable",
        "link",
    }
    outside |= {
        "volume-driver",
        "log-driver",
        "log-opt",
        "pids-limit",
        "memory",
        "cpus",
        "cpu-shares",
        "oom-score-adj",
    }
    assert not SAFE_OPTIONS & outside


def test_a_limit_is_safe_unless_a_program_would_come_before_others_by_it() -> None:
    assert is_safe("ulimit", "nofile=100000")
    assert not any(is_safe("ulimit", f"{name}=20") for name in ("nice", "rtprio", "rttime"))
    assert not is_safe("volume", "/data")


def test_whatever_is_given_is_taken_or_refused_clearly() -> None:
    chance = random.Random(7)
    values = ["", "a", "a=b", "1", "-1", "1m", "/a:/b", "a:b:c", "ü=\n", "=", ":", "9" * 30, "1e999", "nan"]
    for _ in range(3000):
        option = chance.choice(sorted(OPTIONS))
        try:
            applied((option, chance.choice(values)))
        except ValueError as error:
            assert str(error).startswith(f"docker parameter '{option}': ")
