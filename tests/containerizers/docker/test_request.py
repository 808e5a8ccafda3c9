"""What dockerd is asked for."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from containerizers.docker.options import OPTIONS
from containerizers.docker.request import create_body, journals, limits_body
from containerizers.docker.settings import DockerSettings
from containerizers.docker.updating import swap_limit
from containerizers.spec import ConsoleSpec, DockerSpec, DockerVolume, Limits, PortMapping, Spec

HOST_BYTES = 2**34
MIB = 2**20


def body_of(spec: dict[str, Any] | None = None, settings: DockerSettings | None = None, **docker: Any) -> Any:
    fields: dict[str, Any] = {"arguments": ("a", "b"), "directory": "/sandbox", **(spec or {})}
    whole = Spec(docker=DockerSpec(**{"image": "i", **docker}), **fields)
    return create_body(whole, {"pion.run": "x"}, settings or DockerSettings(), HOST_BYTES)


def test_a_container_is_kept_tight_unless_it_is_privileged() -> None:
    host = body_of()["HostConfig"]
    assert host["CapDrop"] == ["NET_RAW"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert (host["PidsLimit"], host["Privileged"]) == (1024, False)
    privileged = body_of(privileged=True)["HostConfig"]
    assert "SecurityOpt" not in privileged
    assert privileged["Privileged"] is True
    assert "PidsLimit" not in body_of(settings=DockerSettings(processes=None))["HostConfig"]


def test_the_program_is_the_specs_or_the_images() -> None:
    assert body_of(entrypoint=("/bin/sh",))["Entrypoint"] == ["/bin/sh"]
    assert body_of()["Cmd"] == ["a", "b"]
    bare = body_of({"arguments": ()})
    assert "Cmd" not in bare
    assert "Entrypoint" not in bare


def test_variables_are_given_and_options_come_after_them() -> None:
    body = body_of({"environment": {"A": "1", "B": "2"}}, options=(("env", "A=3"),))
    assert body["Env"] == ["B=2", "A=3"]


def test_the_sandbox_is_mounted_last() -> None:
    body = body_of(volumes=(DockerVolume(source="/data", target="/d", read_only=True),))
    assert body["HostConfig"]["Binds"] == ["/data:/d:ro", "/sandbox:/mnt/mesos/sandbox"]


def test_a_path_with_a_colon_is_mounted_in_the_form_that_has_a_place_for_it() -> None:
    host = body_of({"directory": "/a:b"})["HostConfig"]
    assert "Binds" not in host
    mount = {"Type": "bind", "Source": "/a:b", "Target": "/mnt/mesos/sandbox", "ReadOnly": False}
    assert host["Mounts"] == [mount]


def test_a_volume_of_dockers_has_its_driver() -> None:
    volume = DockerVolume(source="v", target="data", driver="local", options={"o": "1"})
    mount = body_of(volumes=(volume,))["HostConfig"]["Mounts"][0]
    assert mount["Type"] == "volume"
    assert mount["Target"] == "/mnt/mesos/sandbox/data"
    assert mount["VolumeOptions"] == {"DriverConfig": {"Name": "local", "Options": {"o": "1"}}}


def test_ports_lead_from_the_host() -> None:
    ports = (
        PortMapping(host=31000, container=80),
        PortMapping(host=31001, container=80),
        PortMapping(host=31000, container=53, protocol="udp"),
    )
    body = body_of(network="bridge", ports=ports)
    assert body["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    bindings = {"80/tcp": [{"HostPort": "31000"}, {"HostPort": "31001"}], "53/udp": [{"HostPort": "31000"}]}
    assert body["HostConfig"]["PortBindings"] == bindings


@pytest.mark.parametrize("network", ["host", "none"])
def test_ports_need_a_network_of_their_own(network: str) -> None:
    with pytest.raises(ValueError, match=f"docker.port_mappings: with network {network}"):
        body_of(network=network, ports=(PortMapping(host=1, container=2),))


def test_other_protocols_are_refused() -> None:
    with pytest.raises(ValueError, match="protocol 'icmp'"):
        body_of(network="bridge", ports=(PortMapping(host=1, container=2, protocol="icmp"),))


def test_an_image_must_have_a_name() -> None:
    with pytest.raises(ValueError, match=r"docker.image: must not be empty"):
        body_of(image=" ")


def test_networks_that_users_made_take_aliases_and_others_do_not() -> None:
    options = (("network-alias", "web"), ("ip", "10.1.1.1"))
    body = body_of(network="mine", options=options)
    endpoint = {"Aliases": ["web"], "IPAMConfig": {"IPv4Address": "10.1.1.1"}}
    assert body["NetworkingConfig"] == {"EndpointsConfig": {"mine": endpoint}}
    assert "NetworkingConfig" not in body_of(network="bridge")
    with pytest.raises(ValueError, match="network host has no aliases"):
        body_of(options=options)


def test_nothing_that_users_give_hides_whose_a_container_is() -> None:
    body = body_of(labels={"pion.run": "y"}, options=(("label", "pion.run=z"), ("label", "other=1")))
    assert body["Labels"] == {"pion.run": "x", "other": "1"}


def test_names_are_looked_up_where_it_was_asked_for() -> None:
    host = body_of(dns=("1.1.1.1",), dns_search=("a",), dns_options=("ndots:1",))["HostConfig"]
    assert (host["Dns"], host["DnsSearch"], host["DnsOptions"]) == (["1.1.1.1"], ["a"], ["ndots:1"])


def test_a_console_is_a_terminal_or_pipes() -> None:
    terminal = body_of({"console": ConsoleSpec(terminal=(24, 80))})
    assert (terminal["Tty"], terminal["OpenStdin"], terminal["StdinOnce"]) == (True, True, False)
    pipes = body_of({"console": ConsoleSpec()})
    assert (pipes["Tty"], pipes["OpenStdin"], pipes["StdinOnce"]) == (False, True, True)


def test_output_is_kept_in_a_journal_of_bounded_size_unless_it_goes_elsewhere() -> None:
    body = body_of(settings=DockerSettings(journal_bytes=1000, journal_files=3))
    assert body["HostConfig"]["LogConfig"]["Config"] == {"max-size": "1000", "max-file": "3"}
    assert journals(body)
    assert not journals(body_of(options=(("log-driver", "none"),)))


@pytest.mark.parametrize(
    ("limits", "body"),
    [
        (None, {}),
        (Limits(cpus=0.5), {"CpuShares": 512}),
        (Limits(cpus=0.0), {"CpuShares": 2}),
        (Limits(cpus_limit=1.5), {"CpuPeriod": 100_000, "CpuQuota": 150_000}),
        (Limits(cpus_limit=0.001), {"CpuPeriod": 100_000, "CpuQuota": 1_000}),
        (Limits(cpus_limit=float("inf")), {}),
        (
            Limits(memory_bytes=64 * MIB, memory_limit_bytes=64 * MIB),
            {"Memory": 64 * MIB, "MemoryReservation": 64 * MIB},
        ),
        (
            Limits(memory_bytes=1, memory_limit_bytes=1),
            {"Memory": 32 * MIB, "MemoryReservation": 32 * MIB},
        ),
        (
            Limits(memory_bytes=HOST_BYTES // 2, memory_limit_bytes=HOST_BYTES),
            {"Memory": HOST_BYTES, "MemoryReservation": HOST_BYTES // 2, "OomScoreAdj": 500},
        ),
        (
            Limits(memory_bytes=HOST_BYTES),
            {"MemoryReservation": HOST_BYTES, "OomScoreAdj": 2},
        ),
    ],
)
def test_limits(limits: Limits | None, body: dict[str, int]) -> None:
    assert limits_body(limits, HOST_BYTES) == body


@pytest.mark.parametrize(
    ("memory", "old_memory", "old_swap", "swap"),
    [
        (200, 100, 200, 400),
        (200, 100, -1, -1),
        (200, 100, 0, 400),
        (200, 100, 150, 250),
        (200, 100, 100, 200),
    ],
)
def test_swap_goes_along_with_memory(memory: int, old_memory: int, old_swap: int, swap: int) -> None:
    assert swap_limit(memory, old_memory, old_swap) == swap


def test_every_request_can_be_sent_and_says_whose_it_is() -> None:
    chance = random.Random(3)
    values = ["a", "a=b", "1", "1m", "/a:/b", "1.5", "true", "10s", "all", "nofile=1"]
    sent = 0
    for _ in range(500):
        options = tuple((one, chance.choice(values)) for one in chance.sample(sorted(OPTIONS), 3))
        network = chance.choice(["host", "bridge", "none", "mine"])
        try:
            body = body_of(network=network, options=options)
        except ValueError as error:
            assert str(error).startswith("docker")
            continue
        sent += 1
        assert json.loads(json.dumps(body)) == body
        assert body["Labels"]["pion.run"] == "x"
        assert "Endpoint" not in body
    assert sent > 50
