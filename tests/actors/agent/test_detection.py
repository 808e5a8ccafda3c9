from __future__ import annotations

from pathlib import Path

import pytest

from actors.agent.detection import (
    Host,
    agent_info,
    describe_agent,
    detect_resources,
    measure,
    read_attributes,
)
from actors.flags import FlagError
from tests.actors.agent.kept import flags
from transport.records.resource_text import format_resources
from transport.records.value import Value
from transport.records.value_text import format_value

_GIB = 2**30
_HOST = Host(processors=8, memory_bytes=16 * _GIB, disk_bytes=100 * _GIB)


def offered(text: str | None, host: Host = _HOST, role: str = "*") -> str:
    return format_resources(detect_resources(text, role, host))


def test_what_is_not_declared_is_measured_less_what_the_system_needs() -> None:
    assert offered(None) == "cpus:8;mem:15360;disk:97280;ports:[31000-32000]"


def test_of_a_small_host_half_is_offered() -> None:
    small = Host(processors=1, memory_bytes=2 * _GIB - 2, disk_bytes=10 * _GIB - 2)
    assert offered(None, small) == "cpus:1;mem:1023;disk:5119;ports:[31000-32000]"
    enough = Host(processors=1, memory_bytes=2 * _GIB, disk_bytes=10 * _GIB)
    assert offered(None, enough) == "cpus:1;mem:1024;disk:5120;ports:[31000-32000]"


def test_what_cannot_be_measured_is_guessed() -> None:
    assert offered(None, Host()) == "cpus:1;mem:1024;disk:10240;ports:[31000-32000]"


def test_what_is_declared_is_not_measured() -> None:
    assert offered("cpus:2;mem(web):512") == "cpus:2;mem(web):512;disk:97280;ports:[31000-32000]"
    assert offered("gpus:1;cpus:1;mem:1;disk:1;ports:[1-2]") == "gpus:1;cpus:1;mem:1;disk:1;ports:[1-2]"


def test_nothing_of_something_can_be_declared() -> None:
    assert offered("disk:0;ports:[]") == "cpus:8;mem:15360"


def test_the_default_role_gets_what_names_no_role() -> None:
    assert offered("cpus:2;mem(other):1", role="web") == (
        "cpus(web):2;mem(other):1;disk(web):97280;ports(web):[31000-32000]"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cpus", "name:value"),
        ("cpus:x", "a text is no resource"),
        ("cpus:-1", "negative"),
        ("cpus:1;cpus:[1-2]", "two types"),
        ("cpus(a b):1", "blanks"),
        ("ports:[2-1]", "begins after it ends"),
        ("gpus:0.5", "whole number"),
        ('[{"name": "cpus"}]', "type"),
        ("[nonsense", "JSON"),
    ],
)
def test_a_bad_declaration_is_refused_by_the_flags_name_and_its_fault(text: str, why: str) -> None:
    with pytest.raises(FlagError, match=f"--resources=.*{why}"):
        offered(text)


def test_a_bad_default_role_is_refused() -> None:
    with pytest.raises(FlagError, match=r"--default_role=a//b: .*two in a row"):
        offered(None, role="a//b")


def test_attributes_are_read() -> None:
    rack, zone, level = read_attributes("rack:abc; zone:[1-2] ;level:1.5")
    assert (rack.name, rack.type, format_value(rack)) == ("rack", Value.Type.TEXT, "abc")
    assert (zone.name, format_value(zone)) == ("zone", "[1-2]")
    assert (level.name, format_value(level)) == ("level", "1.5")
    assert read_attributes(None) == ()


@pytest.mark.parametrize("text", ["rack", ":abc", "rack:", "rack:[1-"])
def test_bad_attributes_are_refused_by_the_flags_name(text: str) -> None:
    with pytest.raises(FlagError, match="--attributes="):
        read_attributes(text)


def test_an_agent_says_what_its_flags_say() -> None:
    info = describe_agent(flags(resources="cpus:2", attributes="rack:r1", port=5055), _HOST, "host-1")
    assert (info.hostname, info.port, info.id) == ("host-1", 5055, None)
    assert [attribute.name for attribute in info.attributes] == ["rack"]
    assert format_resources(info.resources).startswith("cpus:2;mem:15360")


def test_this_host_can_be_measured(tmp_path: Path) -> None:
    host = measure(tmp_path)
    assert host.processors
    assert host.memory_bytes
    assert host.disk_bytes
    assert measure(tmp_path / "nowhere").disk_bytes is None


def test_the_work_directory_is_made_before_it_is_measured(tmp_path: Path) -> None:
    info = agent_info(flags(work_dir=tmp_path / "a/b", hostname="me"))
    assert info.hostname == "me"
    assert (tmp_path / "a/b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(FlagError, match="--work_dir="):
        agent_info(flags(work_dir=tmp_path / "file/b", hostname="me"))
