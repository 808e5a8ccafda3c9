from __future__ import annotations

from pathlib import Path

import pytest

from actors.agent.container_flags import ContainerFlags
from actors.agent.container_rules import (
    docker_config,
    isolated_ports,
    launcher_of,
    left_out,
    read_ports,
    rules_of,
)
from actors.executor.containment.rules import Dns, Rules
from actors.flags import FlagError, load
from containerizers.linux.abilities import Abilities
from transport.messages.container_spec import Device
from transport.records.container import ContainerInfo


def flags(*words: str) -> ContainerFlags:
    return load(ContainerFlags, words, {}, prefix="MESOS_")


def rules(*words: str) -> Rules:
    return rules_of(flags(*words), Path("/work"), Path("/run/pion"))


def only_root(monkeypatch: pytest.MonkeyPatch, *, is_root: bool) -> None:
    own = Abilities(makes_namespaces=is_root, switches_users=is_root)
    monkeypatch.setattr(Abilities, "own", lambda: own)


def test_plain_processes_need_no_rules_but_what_is_private() -> None:
    found = rules()
    assert (found.containerizers, found.isolators) == (("mesos",), ("posix/cpu", "posix/mem"))
    for place in ("/work", "/run/pion", "/var/lib/docker", "/var/run/docker.sock"):
        assert place in found.private


def test_linux_launches_where_an_isolator_needs_it() -> None:
    assert launcher_of(flags()) == "posix"
    assert launcher_of(flags("--isolation=posix/cpu,disk/du,network/ports")) == "posix"
    assert launcher_of(flags("--isolation=cgroups/mem")) == "linux"
    assert launcher_of(flags("--launcher=linux")) == "linux"
    with pytest.raises(FlagError, match="--launcher=posix: --isolation: cgroups/mem: needs the"):
        launcher_of(flags("--launcher=posix", "--isolation=posix/cpu,cgroups/mem"))


def test_without_root_what_only_root_can_do_is_left_out_and_known(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = "--isolation=filesystem/linux,namespaces/pid,linux/nnp,linux/seccomp,posix/rlimits"
    only_root(monkeypatch, is_root=False)
    assert "namespaces/pid" in left_out(flags(wanted))
    assert rules(wanted).isolators == ("linux/nnp", "linux/seccomp", "posix/rlimits")
    only_root(monkeypatch, is_root=True)
    assert left_out(flags(wanted)) == ()
    assert rules(wanted).isolates("namespaces/pid")


def test_flags_become_rules() -> None:
    found = rules(
        "--containerizers=mesos,docker",
        "--cgroups_enable_cfs",
        "--sandbox_directory=/sandbox",
        '--default_container_info={"type": "MESOS", "hostname": "box"}',
        "--default_container_shm_size=1MB",
        '--effective_capabilities={"capabilities": ["CHOWN", "NET_RAW"]}',
        "--seccomp_config_dir=/etc/seccomp",
        "--seccomp_profile_name=a.json",
        "--disallow_sharing_agent_pid_namespace",
        "--disallow_sharing_agent_ipc_namespace",
        "--host_path_volume_force_creation=/srv/a:/srv/b/",
        "--docker_grants=privileged, cap-add",
        "--host_volumes=/etc/ssl,*",
        '--allowed_devices={"allowed_devices": [{"device": {"path": "/dev/fuse"}, '
        '"access": {"read": true, "write": true}}]}',
        '--default_container_dns={"docker": ['
        '{"network_mode": "BRIDGE", "dns": {"nameservers": ["10.0.0.1"]}}, '
        '{"network_mode": "USER", "network_name": "net", "dns": {"search": ["a"], "options": ["b"]}}]}',
    )
    assert found == Rules(
        containerizers=("mesos", "docker"),
        isolators=("posix/cpu", "posix/mem"),
        work_dir="/work",
        caps_cpus=True,
        sandbox_directory="/sandbox",
        default_container=ContainerInfo(type=ContainerInfo.Type.MESOS, hostname="box"),
        dns={"bridge": Dns(("10.0.0.1",)), "net": Dns((), ("a",), ("b",))},
        shm_bytes=2**20,
        effective_capabilities=("chown", "net_raw"),
        devices=(Device(path="/dev/fuse", access="rw"),),
        seccomp_dir="/etc/seccomp",
        seccomp_profile="a.json",
        denies_agent_pids=True,
        denies_agent_ipc=True,
        makes_below=("/srv/a", "/srv/b"),
        docker_grants=("privileged", "cap-add"),
        host_volumes=("/etc/ssl", "*"),
        private=found.private,
    )
    assert found.grants("cap-add")
    assert not found.grants("pid")


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ('--default_container_info={"type": "LXC"}', "LXC"),
        ('--bounding_capabilities={"capabilities": ["UNKNOWN"]}', "UNKNOWN is no capability"),
        (
            '--allowed_devices={"allowed_devices": [{"device": {"path": "/etc"}, "access": {}}]}',
            "a path in /dev",
        ),
        (
            '--allowed_devices={"allowed_devices": [{"device": {"path": "/dev/a"}, "access": {}}]}',
            "readable, writable",
        ),
        (
            '--default_container_dns={"docker": [{"network_mode": "HOST", "dns": {}}]}',
            "must be BRIDGE or USER",
        ),
        ('--default_container_dns={"docker": [{"network_mode": "USER"}]}', "is no ContainerDNSInfo"),
        ('--default_container_dns={"docker": 1}', "is no ContainerDNSInfo"),
        ("--host_volumes=etc", "must be an absolute path"),
        ("--host_path_volume_force_creation=/a/../b", "must be an absolute path"),
    ],
)
def test_a_flag_that_says_nothing_sensible_is_refused_by_its_name(word: str, rule: str) -> None:
    name = word.partition("=")[0]
    with pytest.raises(FlagError, match=f"{name}.*{rule}"):
        rules(word)


def test_ports_that_count_are_ranges() -> None:
    assert isolated_ports(flags()) is None
    assert isolated_ports(flags("--container_ports_isolated_range=[80-90,8080-8080]")) == (
        (80, 90),
        (8080, 8080),
    )
    assert read_ports("agent_ports", "[]") == ()
    for text in ("80", "[0-1]", "[90-80]", "[1-70000]", "{a}"):
        with pytest.raises(FlagError, match="--container_ports_isolated_range"):
            isolated_ports(flags(f"--container_ports_isolated_range={text}"))
    with pytest.raises(FlagError, match="must not be given with --check_agent_port_range_only"):
        isolated_ports(flags("--container_ports_isolated_range=[80-90]", "--check_agent_port_range_only"))


def test_what_docker_is_to_tell_registries_is_read() -> None:
    assert docker_config(flags()) is None
    assert docker_config(flags('--docker_config={"auths": {"h": {"auth": "x"}}}')) == {
        "auths": {"h": {"auth": "x"}}
    }
