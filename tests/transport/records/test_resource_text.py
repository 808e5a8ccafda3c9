"""The text and JSON grammars of resources, and how resources are shown."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from tests.transport.records.samples import any_resources, dynamic, on_disk, scalar, static, volume
from transport.records.labels import Label, Labels
from transport.records.resource import Resource
from transport.records.resource_text import describe, format_resources, parse_resources, to_json
from transport.records.resources import Resources
from transport.records.volume import Volume

parse = Resources.parse
Source = Resource.DiskInfo.Source


def test_what_was_written_as_text_is_read_the_same() -> None:
    rng = Random(15)
    for _ in range(500):
        resources = any_resources(rng).where(
            lambda identity: (
                identity.disk is None
                and not (identity.revocable or identity.allocation or identity.provider)
                and identity.reservations in ((), (static("a"),))
            )
        )
        assert parse(format_resources(resources)) == resources


def test_what_was_written_as_json_is_read_the_same() -> None:
    rng = Random(16)
    for _ in range(500):
        resources = any_resources(rng)
        records = msgspec.json.decode(to_json(resources), type=tuple[Resource, ...])
        assert Resources(records) == resources


def test_a_role_in_parentheses_is_a_static_reservation_and_blanks_do_not_matter() -> None:
    assert parse(" cpus ( web ) : 4 ; mem : 1024 ;") == Resources(
        [scalar("cpus", 4, (static("web"),)), scalar("mem", 1024)]
    )
    assert parse("cpus(*):4") == parse("cpus:4")
    assert parse("") == Resources()


def test_the_default_role_holds_where_no_role_is_given() -> None:
    expected = parse("cpus(web):4;mem:1")
    assert parse("cpus:4;mem(*):1", default_role="web") == expected
    cpus = '{"name":"cpus","type":"SCALAR","scalar":{"value":4}}'
    mem = '{"name":"mem","type":"SCALAR","role":"*","scalar":{"value":1}}'
    text = f"[{cpus}, {mem}]"
    assert parse(text, default_role="web") == expected


def test_json_takes_numbers_as_text_and_ignores_what_it_does_not_know() -> None:
    text = '[{"name":"cpus","type":"SCALAR","scalar":{"value":"4"},"colour":"red"}]'
    assert parse(text) == parse("cpus:4")


def test_json_can_say_where_a_disk_is() -> None:
    disk = '{"source":{"type":"MOUNT","mount":{"root":"/d"}}}'
    text = f'[{{"name":"disk","type":"SCALAR","scalar":{{"value":4}},"disk":{disk}}}]'
    source = Source(type=Source.Type.MOUNT, mount=Source.Mount(root="/d"))
    assert parse(text) == Resources([scalar("disk", 4, disk=on_disk(source=source))])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("cpus", "name:value"),
        (":4", "name:value"),
        ("cpus:4:5", "name:value"),
        ("cpus(a:4", "parentheses"),
        ("cpus)a(:4", "parentheses"),
        ("cpus(a)(b):4", "parentheses"),
        ("cpus:many", "a text is no resource"),
        ("cpus:-4", "negative"),
        ("cpus:4;cpus:[1-2]", "two types"),
        ("cpus(a//b):4", "slash"),
        ("gpus:0.5", "whole number"),
        ("zones:{a,a}", "twice"),
        ("[1]", "JSON"),
        ('[{"name":"cpus"}]', "JSON"),
    ],
)
def test_text_that_breaks_a_rule_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse(text)


@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        (volume("v", 1), "persistent volume"),
        (msgspec.structs.replace(scalar("cpus", 1), revocable=Resource.RevocableInfo()), "revocable"),
        (scalar("cpus", 1, (dynamic("a"),)), "dynamic"),
    ],
)
def test_what_cannot_be_declared_is_refused_on_a_command_line(resource: Resource, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse_resources(to_json([resource]))


@pytest.mark.parametrize(
    "resource",
    [
        volume("v", 1),
        scalar("cpus", 1, (dynamic("a"),)),
        msgspec.structs.replace(scalar("cpus", 1), allocation_info=Resource.AllocationInfo(role="a")),
    ],
)
def test_what_the_text_grammar_cannot_say_is_not_written_in_it(resource: Resource) -> None:
    with pytest.raises(ValueError, match="no form in the text grammar"):
        format_resources([resource])


PATH = Source(type=Source.Type.PATH, path=Source.Path(root="/p"))
HOSTED = Volume(mode=Volume.Mode.RO, container_path="c", host_path="/h")


@pytest.mark.parametrize(
    ("resource", "shown"),
    [
        (scalar("cpus", 4), "cpus:4"),
        (scalar("cpus", 0.5, (static("role"),)), "cpus(reservations: [(STATIC,role)]):0.5"),
        (
            msgspec.structs.replace(
                scalar("mem", 1, (static("a"), dynamic("a/b", "ops", rack="r1"))),
                allocation_info=Resource.AllocationInfo(role="a/b"),
                revocable=Resource.RevocableInfo(),
            ),
            "mem(allocated: a/b)(reservations: [(STATIC,a),(DYNAMIC,a/b,ops,{rack: r1})]){REV}:1",
        ),
        (volume("v", 2, shared=True), "disk(reservations: [(DYNAMIC,a)])[v:data]<SHARED>:2"),
        (
            scalar("disk", 2, disk=on_disk(source=PATH)),
            "disk[PATH:/p]:2",
        ),
        (
            scalar("disk", 2, disk=on_disk("v", source=Source(type=Source.Type.MOUNT, id="i", profile="p"))),
            "disk[MOUNT(,i,p),v:data]:2",
        ),
        (scalar("disk", 2, disk=Resource.DiskInfo(volume=HOSTED)), "disk[:/h:c:ro]:2"),
        (
            scalar("x", 1, (msgspec.structs.replace(dynamic("a"), labels=Labels(labels=(Label(key="k"),))),)),
            "x(reservations: [(DYNAMIC,a,{k})]):1",
        ),
    ],
)
def test_a_resource_is_shown_as_mesos_logs_it(resource: Resource, shown: str) -> None:
    assert describe(resource) == shown


def test_a_sum_is_shown_item_by_item() -> None:
    assert str(parse("cpus:4;ports:[1-2];zones:{b,a}")) == "cpus:4; ports:[1-2]; zones:{a,b}"
    assert str(Resources()) == "{}"
