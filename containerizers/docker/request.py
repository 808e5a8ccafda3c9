"""What dockerd is asked for when a container is to be made."""

from __future__ import annotations

import math
from typing import Any, Final

from containerizers.docker.options import Body, apply_options
from containerizers.docker.settings import DockerSettings
from containerizers.spec import DockerSpec, DockerVolume, Limits, Spec

_SMALLEST_SHARES: Final = 2
_SHARES_PER_CPU: Final = 1024
_SMALLEST_MEMORY_BYTES: Final = 32 * 2**20
_PERIOD_MICROSECONDS: Final = 100_000
_SMALLEST_QUOTA_MICROSECONDS: Final = 1_000
#: Networks that Docker has without anybody having made them.
_BUILT_IN: Final = ("host", "none", "bridge", "default")


def create_body(spec: Spec, labels: dict[str, str], settings: DockerSettings, host_memory_bytes: int) -> Body:
    """The body of a request to create a container for `spec.docker`.

    Raises ValueError, naming what is wrong, for what Docker cannot be asked for.
    """
    docker = spec.docker
    assert docker is not None
    if not docker.image.strip():
        raise ValueError("docker.image: must not be empty")
    body: Body = {
        "Image": docker.image,
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "Labels": {},
        "HostConfig": _host(docker, settings) | limits_body(spec.limits, host_memory_bytes),
    }
    if spec.arguments:
        body["Cmd"] = list(spec.arguments)
    if docker.entrypoint is not None:
        body["Entrypoint"] = list(docker.entrypoint)
    if docker.hostname is not None:
        body["Hostname"] = docker.hostname
    if spec.console is not None:
        body |= _console(spec)
    _publish(body, docker)
    apply_options(body, docker.options)
    _settle_network(body)
    _mount(body, spec, docker)
    # After what the user gave: it cannot hide whose container this is.
    body["Labels"] |= labels
    return body


def journals(body: Body) -> bool:
    """Whether dockerd is to keep what the container writes in a journal that can be read."""
    return bool(body["HostConfig"]["LogConfig"].get("Type") == "json-file")


def limits_body(limits: Limits | None, host_memory_bytes: int) -> Body:
    """What limits are in Docker's terms (mesos-protocol.md §3.7), for a new container or one that runs."""
    body: Body = {}
    if limits is None:
        return body
    if limits.cpus is not None:
        body["CpuShares"] = max(_SMALLEST_SHARES, int(_SHARES_PER_CPU * limits.cpus))
    if limits.cpus_limit is not None and math.isfinite(limits.cpus_limit):
        quota = int(limits.cpus_limit * _PERIOD_MICROSECONDS)
        body["CpuPeriod"] = _PERIOD_MICROSECONDS
        body["CpuQuota"] = max(_SMALLEST_QUOTA_MICROSECONDS, quota)
    own, most = limits.memory_bytes, limits.memory_limit_bytes
    if most is not None:
        body["Memory"] = max(_SMALLEST_MEMORY_BYTES, most)
    if own is not None:
        body["MemoryReservation"] = max(_SMALLEST_MEMORY_BYTES, own)
        if most is not None:
            body["MemoryReservation"] = min(body["Memory"], body["MemoryReservation"])
        if most is None or most > own:
            # Who uses more than was set aside for it goes first; the more was, the later.
            body["OomScoreAdj"] = min(999, max(_SMALLEST_SHARES, 1000 - 1000 * own // host_memory_bytes))
    return body


def _host(docker: DockerSpec, settings: DockerSettings) -> Body:
    journal = {"max-size": str(settings.journal_bytes), "max-file": str(settings.journal_files)}
    host: Body = {
        "NetworkMode": docker.network,
        "Privileged": docker.privileged,
        "LogConfig": {"Type": "json-file", "Config": journal},
        "RestartPolicy": {"Name": "no"},
    }
    if not docker.privileged:
        host["CapDrop"] = ["NET_RAW"]
        host["SecurityOpt"] = ["no-new-privileges"]
    if settings.processes is not None:
        host["PidsLimit"] = settings.processes
    for key, values in (
        ("Dns", docker.dns),
        ("DnsSearch", docker.dns_search),
        ("DnsOptions", docker.dns_options),
    ):
        if values:
            host[key] = list(values)
    return host


def _console(spec: Spec) -> Body:
    assert spec.console is not None
    return {
        "OpenStdin": True,
        "StdinOnce": spec.console.terminal is None,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": spec.console.terminal is not None,
    }


def _publish(body: Body, docker: DockerSpec) -> None:
    if not docker.ports:
        return
    if docker.network in ("host", "none"):
        raise ValueError(f"docker.port_mappings: with network {docker.network} there is nothing to map")
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in docker.ports:
        if port.protocol not in ("tcp", "udp"):
            raise ValueError(f"docker.port_mappings: protocol {port.protocol!r}: must be tcp or udp")
        bindings.setdefault(f"{port.container}/{port.protocol}", []).append({"HostPort": str(port.host)})
    body["ExposedPorts"] = {port: {} for port in bindings}
    body["HostConfig"]["PortBindings"] = bindings


def _settle_network(body: Body) -> None:
    """Give the network what is only for one that users have made."""
    endpoint = body.pop("Endpoint", None)
    network = body["HostConfig"]["NetworkMode"]
    if network in _BUILT_IN or network.startswith("container:"):
        if endpoint is not None:
            raise ValueError(
                f"docker parameters: network {network} has no aliases, and no addresses to choose"
            )
        return
    body["NetworkingConfig"] = {"EndpointsConfig": {network: endpoint or {}}}


def _mount(body: Body, spec: Spec, docker: DockerSpec) -> None:
    """The volumes, and the sandbox last.

    A folder of the host that is not there Docker makes if it is told of it in the older form, which has no
    place for colons.
    """
    host = body["HostConfig"]
    sandbox = DockerVolume(source=spec.directory, target=docker.sandbox)
    for volume in (*docker.volumes, sandbox):
        target = volume.target if volume.target.startswith("/") else f"{docker.sandbox}/{volume.target}"
        is_path = volume.source.startswith("/")
        if is_path and ":" not in volume.source + target:
            mode = ":ro" if volume.read_only else ""
            host.setdefault("Binds", []).append(f"{volume.source}:{target}{mode}")
        else:
            host.setdefault("Mounts", []).append(_mounted(volume, target, is_path))


def _mounted(volume: DockerVolume, target: str, is_path: bool) -> dict[str, Any]:
    mount: dict[str, Any] = {
        "Type": "bind" if is_path else "volume",
        "Source": volume.source,
        "Target": target,
        "ReadOnly": volume.read_only,
    }
    if volume.driver is not None:
        driver = {"Name": volume.driver, "Options": dict(volume.options)}
        mount["VolumeOptions"] = {"DriverConfig": driver}
    return mount
