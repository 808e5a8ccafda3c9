from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.executor.containment.docker import docker_command, docker_of
from actors.executor.containment.rules import Dns, Rules
from tests.actors.executor.containment.containers import NETWORK, docker, host_volume, mesos
from transport.messages.container_spec import DockerSpec, DockerVolume, PortMapping
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo
from transport.records.image import Image
from transport.records.labels import Parameter, Parameters
from transport.records.linux import LinuxInfo, RLimitInfo
from transport.records.network import NetworkInfo
from transport.records.volume import Volume

Mapped = ContainerInfo.DockerInfo.PortMapping
RULES = Rules(private=("/work",), dns={"bridge": Dns(("10.0.0.1",), ("example.com",), ("ndots:1",))})
NAMED = (NetworkInfo(name="backend"),)


def made(container: ContainerInfo, rules: Rules = RULES, *ports: tuple[int, int]) -> DockerSpec:
    return docker_of(
        container,
        rules,
        lambda path: path,
        directory="/work/box",
        ports=ports,
        entrypoint=None,
        labels={"task_id": "t"},
    )


def test_an_image_is_all_it_takes() -> None:
    assert made(docker()) == DockerSpec(image="busybox:1", labels={"task_id": "t"})


def test_all_that_is_asked_for_is_passed_on() -> None:
    container = docker(
        network=NETWORK.BRIDGE,
        force_pull_image=True,
        port_mappings=(
            Mapped(host_port=31000, container_port=80),
            Mapped(host_port=31001, container_port=53, protocol="UDP"),
        ),
        parameters=(Parameter(key="label", value="a=b"), Parameter(key="--ulimit", value="nofile=10")),
        volumes=(host_volume("/opt", "in"),),
        hostname="box",
    )
    assert made(container, RULES, (31000, 31005)) == DockerSpec(
        image="busybox:1",
        pulls=True,
        network="bridge",
        ports=(PortMapping(host=31000, container=80), PortMapping(host=31001, container=53, protocol="udp")),
        volumes=(DockerVolume(source="/opt", target="/mnt/mesos/sandbox/in"),),
        hostname="box",
        options=(("label", "a=b"), ("ulimit", "nofile=10")),
        dns=("10.0.0.1",),
        dns_search=("example.com",),
        dns_options=("ndots:1",),
        labels={"task_id": "t"},
    )


@pytest.mark.parametrize(
    ("network", "name"),
    [(None, "host"), (NETWORK.HOST, "host"), (NETWORK.NONE, "none"), (NETWORK.BRIDGE, "bridge")],
)
def test_the_network_is_the_hosts_unless_another_is_asked_for(
    network: ContainerInfo.DockerInfo.Network | None, name: str
) -> None:
    assert made(docker(network=network)).network == name


def test_a_network_of_users_is_named() -> None:
    container = replace(docker(network=NETWORK.USER), network_infos=NAMED)
    assert made(container).network == "backend"


def test_who_says_how_names_are_looked_up_is_not_told_otherwise() -> None:
    own = docker(network=NETWORK.BRIDGE, parameters=(Parameter(key="dns", value="1.1.1.1"),))
    assert made(own).dns == ()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("volume", "/:/host"),
        ("v", "/:/host"),
        ("privileged", "true"),
        ("pid", "host"),
        ("ipc", "host"),
        ("uts", "host"),
        ("userns", "host"),
        ("net", "host"),
        ("device", "/dev/sda"),
        ("security-opt", "seccomp=unconfined"),
        ("cap-add", "SYS_ADMIN"),
        ("cgroup-parent", "/"),
        ("volumes-from", "other"),
        ("mount", "type=bind,source=/,target=/host"),
        ("runtime", "runc"),
        ("oom-kill-disable", "true"),
        ("log-opt", "max-size=-1"),
        ("ulimit", "rtprio=99"),
        ("pids-limit", "-1"),
    ],
)
def test_what_can_lead_out_of_a_container_must_be_granted(option: str, value: str) -> None:
    container = docker(parameters=(Parameter(key=option, value=value),))
    for key in (option, f"--{option}"):
        asked = docker(parameters=(Parameter(key=key, value=value),))
        with pytest.raises(ValueError, match=f"parameters: '{option}': is not granted .*--docker_grants"):
            made(asked)
    assert made(container, Rules(docker_grants=(option,))).options == ((option, value),)
    assert made(container, Rules(docker_grants=("*",))).options == ((option, value),)


def test_privileges_must_be_granted() -> None:
    with pytest.raises(ValueError, match=r"container.docker.privileged: is not granted"):
        made(docker(privileged=True))
    assert made(docker(privileged=True), Rules(docker_grants=("privileged",))).privileged


def refused(**fields: Any) -> ContainerInfo:
    return docker(network=NETWORK.BRIDGE, port_mappings=(Mapped(**fields),))


@pytest.mark.parametrize(
    ("container", "rule"),
    [
        (ContainerInfo(type=ContainerInfo.Type.DOCKER), "container.docker: must be set"),
        (docker("--privileged"), "container.docker.image"),
        (docker(parameters=(Parameter(key="name", value="x"),)), "'name': must not be given"),
        (docker(parameters=(Parameter(key="label", value="\0"),)), "'label': its value must not have a NUL"),
        (
            refused(host_port=80, container_port=80),
            r"Port mapping \[80:80\] does not use a port that was offered",
        ),
        (refused(host_port=31000, container_port=0), "container_port 0: must be from 1"),
        (refused(host_port=31000, container_port=80, protocol="sctp"), "protocol 'sctp': must be tcp or udp"),
        (
            docker(port_mappings=(Mapped(host_port=31000, container_port=80),)),
            "Port mappings are only supported for bridge and user-defined networks",
        ),
        (docker(network=NETWORK.USER), "network_infos: must name the network"),
        (
            replace(docker(network=NETWORK.USER), network_infos=(NetworkInfo(name="container:x"),)),
            "network_infos: 'container:x': is no name of a network",
        ),
        (replace(docker(), network_infos=(*NAMED, *NAMED)), "one network at most"),
        (replace(docker(), mesos=ContainerInfo.MesosInfo()), "container.mesos: must not be set"),
        (replace(docker(), linux_info=LinuxInfo(share_pid_namespace=True)), "container.linux_info: is for"),
        (
            replace(docker(), rlimit_info=RLimitInfo(rlimits=(RLimitInfo.RLimit(),))),
            "container.rlimit_info: is for",
        ),
        (docker(hostname="a b"), "container.hostname"),
    ],
)
def test_what_docker_is_not_told_is_refused_by_its_field(container: ContainerInfo, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        made(container, RULES, (31000, 31005))


def volume(source: Volume.Source | None = None, path: str = "data", **fields: Any) -> Volume:
    return Volume(mode=Volume.Mode.RW, container_path=path, source=source, **fields)


def named(name: str, driver: str | None = None, **options: str) -> Volume.Source:
    parameters = tuple(Parameter(key=key, value=value) for key, value in options.items())
    return Volume.Source(
        type=Volume.Source.Type.DOCKER_VOLUME,
        docker_volume=Volume.Source.DockerVolume(
            name=name, driver=driver, driver_options=Parameters(parameter=parameters)
        ),
    )


def test_volumes_are_paths_of_the_host_of_the_sandbox_or_names() -> None:
    container = docker(
        volumes=(
            host_volume("/opt", "/in", Volume.Mode.RO),
            host_volume("cache", "/var/cache"),
            volume(named("db", "rexray")),
        )
    )
    assert made(container).volumes == (
        DockerVolume(source="/opt", target="/in", read_only=True),
        DockerVolume(source="/work/box/cache", target="/var/cache"),
        DockerVolume(source="db", target="/mnt/mesos/sandbox/data", driver="rexray"),
    )
    by_driver = docker(volume_driver="rexray", volumes=(host_volume("db", "/db"),))
    assert made(by_driver).volumes == (DockerVolume(source="db", target="/db", driver="rexray"),)


def test_options_of_a_volumes_driver_can_mount_anything_and_must_be_granted() -> None:
    container = docker(volumes=(volume(named("x", None, type="none", o="bind", device="/etc")),))
    with pytest.raises(ValueError, match="driver_options: `volume` is not granted"):
        made(container)
    (found,) = made(container, Rules(docker_grants=("volume",))).volumes
    assert found.options == {"type": "none", "o": "bind", "device": "/etc"}


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (host_volume("/etc", "in"), "'in': '/etc': leads to /etc"),
        (host_volume("/", "in"), "'/': leads to /"),
        (host_volume("/var/run/docker.sock", "sock"), "is the system's own"),
        (host_volume("../../etc", "in"), "must not lead out of the sandbox"),
        (host_volume("", "in"), "host_path: must be set"),
        (host_volume("/opt", "/"), "neither all of the container nor its sandbox"),
        (host_volume("/opt", "."), "neither all of the container nor its sandbox"),
        (host_volume("/opt", "/a:ro"), "container_path: must be a path without NUL and ':'"),
        (volume(named("a/b")), "must be a volume's name"),
        (volume(Volume.Source(type=Volume.Source.Type.SECRET)), "SECRET cannot be a volume of Docker"),
        (volume(image=Image(type=Image.Type.DOCKER)), "an image cannot be a volume of Docker"),
    ],
)
def test_what_docker_does_not_mount_is_refused_by_its_name(wrong: Volume, rule: str) -> None:
    with pytest.raises(ValueError, match=f"container.volumes: .*{rule}"):
        made(docker(volumes=(wrong,)))


@pytest.mark.parametrize(
    ("command", "entrypoint", "arguments"),
    [
        (None, None, ()),
        (CommandInfo(value="echo $A"), ("/bin/sh",), ("-c", "echo $A")),
        (CommandInfo(), None, ()),
        (CommandInfo(shell=False), None, ()),
        (CommandInfo(shell=False, value="ls", arguments=("-l",)), None, ("ls", "-l")),
        (CommandInfo(shell=False, arguments=("-l",)), None, ("-l",)),
    ],
)
def test_a_command_is_the_shells_or_follows_what_the_image_says(
    command: CommandInfo | None, entrypoint: tuple[str, ...] | None, arguments: tuple[str, ...]
) -> None:
    assert docker_command(command) == (entrypoint, arguments)


def test_a_shell_that_is_asked_for_has_something_to_do() -> None:
    with pytest.raises(ValueError, match=r"command.value: must name a shell command"):
        docker_command(CommandInfo(shell=True))
    assert mesos().docker is None
