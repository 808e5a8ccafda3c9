"""From a ContainerInfo of type DOCKER to what Docker is told (mesos-protocol.md §3.7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from actors.executor.container_spec import check_arguments, is_shell
from actors.executor.containment.docker_volumes import docker_volume
from actors.executor.containment.host_paths import Resolve
from actors.executor.containment.image import check_image
from actors.executor.containment.rules import Dns, Rules
from containerizers.docker.options import is_safe
from transport.messages.container_spec import DockerSpec, PortMapping
from transport.records.command import CommandInfo
from transport.records.container import ContainerInfo

_Network = ContainerInfo.DockerInfo.Network
#: What `parameters` must not say, since a container is found again by it, or since a field says it.
_RESERVED: Final = ("name", "cidfile", "rm", "detach", "d")
_HOSTNAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def docker_of(
    container: ContainerInfo,
    rules: Rules,
    resolve: Resolve,
    *,
    directory: str,
    ports: tuple[tuple[int, int], ...],
    entrypoint: tuple[str, ...] | None,
    labels: Mapping[str, str],
) -> DockerSpec:
    """How Docker is to make a container; raises ValueError naming the field and the rule.

    `directory` is the sandbox, `ports` are those that it was given.
    """
    info = container.docker
    if info is None:
        raise ValueError("container.docker: must be set for a container of type DOCKER")
    check_image(info.image)
    _check_plain(container)
    network = _network(container)
    if info.privileged and not rules.grants("privileged"):
        raise ValueError("container.docker.privileged: is not granted by the agent's --docker_grants")
    dns = _dns(info, network, rules)
    return DockerSpec(
        image=info.image,
        pulls=bool(info.force_pull_image),
        entrypoint=entrypoint,
        network=network,
        ports=_ports(info, network, ports),
        volumes=tuple(
            docker_volume(volume, info.volume_driver, rules, resolve, directory)
            for volume in container.volumes
        ),
        sandbox=rules.sandbox_directory,
        hostname=hostname_of(container),
        privileged=bool(info.privileged),
        options=_options(info, rules),
        dns=dns.nameservers,
        dns_search=dns.search,
        dns_options=dns.options,
        labels=labels,
    )


def docker_command(command: CommandInfo | None) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """Entrypoint and arguments: those of the image are None and ()."""
    if command is None:
        return None, ()
    if is_shell(command):
        if not command.value:
            if command.shell:
                raise ValueError("command.value: must name a shell command")
            return None, ()
        arguments: tuple[str, ...] = ("-c", command.value)
        entrypoint: tuple[str, ...] | None = ("/bin/sh",)
    else:
        entrypoint, arguments = None, (*((command.value,) if command.value else ()), *command.arguments)
    check_arguments(arguments)
    return entrypoint, arguments


def hostname_of(container: ContainerInfo) -> str | None:
    """What a container is to call itself; raises ValueError for what no host can be called."""
    name = container.hostname
    if not name:
        return None
    if not _HOSTNAME.fullmatch(name):
        raise ValueError(
            f"container.hostname: {name[:80]!r}: must be at most 64 letters, digits, '-' and '.'"
        )
    return name


def _check_plain(container: ContainerInfo) -> None:
    """What is for containers of Mesos is not passed over."""
    if container.mesos is not None:
        raise ValueError("container.mesos: must not be set for a container of type DOCKER")
    if container.linux_info is not None and container.linux_info != type(container.linux_info)():
        raise ValueError(
            "container.linux_info: is for containers of type MESOS; Docker has parameters for it"
        )
    if container.rlimit_info is not None and container.rlimit_info.rlimits:
        raise ValueError(
            "container.rlimit_info: is for containers of type MESOS; Docker has parameter ulimit"
        )


def _network(container: ContainerInfo) -> str:
    info, infos = container.docker, container.network_infos
    assert info is not None
    if len(infos) > 1:
        raise ValueError("container.network_infos: a container of Docker is made with one network at most")
    kind = info.network or _Network.HOST
    if kind is not _Network.USER:
        return str(kind.value).lower()
    name = infos[0].name if infos else None
    if not name:
        raise ValueError("container.network_infos: must name the network that docker.network USER is about")
    if not _NAME.fullmatch(name) or name in ("host", "none", "container", "default"):
        raise ValueError(f"container.network_infos: {name[:80]!r}: is no name of a network of users")
    return name


def _ports(
    info: ContainerInfo.DockerInfo, network: str, offered: tuple[tuple[int, int], ...]
) -> tuple[PortMapping, ...]:
    field = "container.docker.port_mappings"
    if info.port_mappings and network in ("host", "none"):
        raise ValueError(f"{field}: Port mappings are only supported for bridge and user-defined networks")
    mappings = []
    for port in info.port_mappings:
        protocol = (port.protocol or "tcp").lower()
        if protocol not in ("tcp", "udp"):
            raise ValueError(f"{field}: protocol {port.protocol!r}: must be tcp or udp")
        if not (0 < port.container_port < 65536):
            raise ValueError(f"{field}: container_port {port.container_port}: must be from 1 to 65535")
        if not any(first <= port.host_port <= last for first, last in offered):
            raise ValueError(
                f"{field}: Port mapping [{port.host_port}:{port.container_port}] does not use a port that "
                "was offered: host_port must be among the ports of the task's resources"
            )
        mappings.append(PortMapping(host=port.host_port, container=port.container_port, protocol=protocol))
    return tuple(mappings)


def _options(info: ContainerInfo.DockerInfo, rules: Rules) -> tuple[tuple[str, str], ...]:
    granted = []
    for parameter in info.parameters:
        name = parameter.key.removeprefix("--")
        field = f"container.docker.parameters: {name[:64]!r}"
        if name in _RESERVED:
            raise ValueError(
                f"{field}: must not be given: the agent names its containers, and waits for them"
            )
        if "\0" in parameter.value:
            raise ValueError(f"{field}: its value must not have a NUL in it")
        if not is_safe(name, parameter.value) and not rules.grants(name):
            raise ValueError(f"{field}: is not granted by the agent's --docker_grants")
        granted.append((name, parameter.value))
    return tuple(granted)


def _dns(info: ContainerInfo.DockerInfo, network: str, rules: Rules) -> Dns:
    """The agent's, unless the network is the host's or the container says something of it itself."""
    own = ("dns", "dns-search", "dns-opt", "dns-option")
    if network in ("host", "none") or any(one.key.removeprefix("--") in own for one in info.parameters):
        return Dns()
    return rules.dns.get(network) or Dns()
