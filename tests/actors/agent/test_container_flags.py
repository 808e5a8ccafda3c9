from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from actors.agent.container_flags import ContainerFlags, given
from actors.agent.daemon import executor_node_flags
from actors.agent.flags import AgentFlags
from actors.executor.node import ExecutorNodeFlags
from actors.flags import FlagError, declared, load
from actors.units import Bytes, Duration
from transport.records.resources import Resources


def agent(*words: str) -> AgentFlags:
    return load(AgentFlags, ["--master=h:5050", "--work_dir=/work", *words], {}, prefix="MESOS_")


def test_by_default_containers_are_plain_processes_and_nothing_is_passed_on() -> None:
    flags = agent()
    assert (flags.containerizers, flags.isolation, flags.launcher) == ("mesos", "posix/cpu,posix/mem", None)
    assert given(flags) == ([], {})


def test_whatever_an_agent_is_told_of_containers_its_executor_node_is_told_too() -> None:
    words = (
        "--containerizers=docker,mesos",
        "--isolation=cgroups/cpu,filesystem/linux",
        "--launcher=linux",
        "--cgroups_enable_cfs",
        "--docker_stop_timeout=3secs",
        "--no-docker_kill_orphans",
        "--fetcher_cache_size=1GB",
        "--seccomp_config_dir=/etc/seccomp",
        '--default_container_info={"type": "MESOS"}',
        '--docker_config={"auths": {}}',
        "--container_processes=0",
    )
    flags = agent(*words)
    passed, secret = given(flags)
    node = load(
        ExecutorNodeFlags,
        ["--work_dir=/run/pion", *executor_node_flags(flags, Resources.parse("ports:[10-20,30-30];cpus:1"))],
        {f"PION_EXECUTOR_{name}": value for name, value in secret.items()},
        prefix="PION_EXECUTOR_",
    )
    assert not any("auths" in word for word in passed)
    for one in declared(ContainerFlags):
        assert getattr(node, one.name) == getattr(flags, one.name), one.name
    assert (node.docker_stop_timeout, node.fetcher_cache_size) == (Duration.of(3), Bytes(2**30))
    assert (node.agent_work_dir, node.agent_ports) == (Path("/work"), "[10-20,30-30]")


@pytest.mark.parametrize(
    ("word", "rule"),
    [
        ("--containerizers=mesos,lxc", "'lxc': must be mesos, docker, or both"),
        ("--containerizers=mesos,mesos", "must name each once"),
        ("--isolation=cgroups/cpus", "cgroups/cpus: there is no such isolator"),
        ("--isolation=gpu/nvidia", "gpu/nvidia: there are no GPUs"),
        ("--launcher=windows", "must be one of linux, posix"),
        ("--cgroups_root=../mesos", "must be a relative path"),
        ("--cgroups_root=/mesos", "must be a relative path"),
        ("--sandbox_directory=mnt", "must be an absolute path"),
        ("--docker_socket=tcp://h:1", "must be an absolute path"),
        ("--docker_config=[]", "must be a JSON object"),
        ("--default_container_info={", "must be JSON"),
        ("--container_processes=-1", "must be at least 0"),
        ("--container_log_files=0", "must be at least 1"),
        ("--fetcher_stall_timeout=0secs", "must be more than 0"),
        ("--docker_remove_delay=-1secs", "must not be negative"),
        ("--frameworks_home=home", "must be an absolute path"),
    ],
)
def test_a_flag_that_cannot_be_used_is_refused_by_its_name(word: str, rule: str) -> None:
    name = word.partition("=")[0]
    with pytest.raises(FlagError, match=f"{name}.*{rule}"):
        agent(word)


def test_capabilities_have_the_name_that_they_had_before() -> None:
    flags = agent('--allowed_capabilities={"capabilities": ["CHOWN"]}')
    assert flags.effective_capabilities == '{"capabilities": ["CHOWN"]}'


def test_every_flag_has_one_place() -> None:
    names = [one.name for one in declared(AgentFlags)]
    assert len(names) == len(set(names))
    assert not set(names) & AgentFlags.missing.keys()
    assert dataclasses.is_dataclass(AgentFlags)
