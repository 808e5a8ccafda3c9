"""JSON of the v1 API: the golden answers survive, and each leniency of mesos-protocol.md §1.3 holds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from transport.json_v1 import decode, encode
from transport.record import Record
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.check import HealthCheck
from transport.records.command import CommandInfo, Environment
from transport.records.container import ContainerInfo
from transport.records.duration import Duration
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ContainerID, TaskID
from transport.records.master import MasterInfo
from transport.records.master_call import Call as OperatorCall
from transport.records.network import NetworkInfo
from transport.records.offer import Filters, Offer
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.role import Role
from transport.records.scheduler_call import Call
from transport.records.task import Task, TaskInfo
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import TimeInfo
from transport.records.value import Value

#: What a real Mesos answered; it lies beside the checkout, and without it this file fails.
GOLDEN = Path(__file__).parents[3] / "shared/spec/golden"

#: Which record stands under which key of the golden answers.
KEYS: dict[str, type[Record]] = {
    "agent_info": AgentInfo,
    "allocated_resources": Resource,
    "completed_tasks": Task,
    "framework_info": FrameworkInfo,
    "launched_tasks": Task,
    "master_info": MasterInfo,
    "offered_resources": Resource,
    "registered_time": TimeInfo,
    "resources": Resource,
    "roles": Role,
    "status": TaskStatus,
    "statuses": TaskStatus,
    "task_infos": TaskInfo,
    "tasks": Task,
    "total_resources": Resource,
}


def golden_objects(value: Any, key: str = "") -> Iterator[tuple[type[Record], Any]]:
    """The objects of an answer that are records, by the key that they stand under."""
    if isinstance(value, dict):
        if key in KEYS and value:
            yield KEYS[key], value
        elif key == "offers" and "offers" not in value:
            yield Offer, value
        else:
            for name, inner in value.items():
                yield from golden_objects(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from golden_objects(inner, key)


def golden_files() -> list[Path]:
    """Answers of the v1 API, with the requests of a scheduler."""
    folders = ("v1-master", "v1-agent", "updates", "stream")
    return sorted(path for folder in folders for path in (GOLDEN / folder).glob("*.json"))


def golden(path: Path) -> list[tuple[type[Record], Any]]:
    return list(golden_objects(json.loads(path.read_bytes())))


@pytest.mark.parametrize("path", golden_files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_mesos_wrote_is_read_and_written_again_with_nothing_lost(path: Path) -> None:
    for record, found in golden(path):
        written = json.loads(encode(decode(json.dumps(found), record)))
        assert is_within(found, written), (found, written)


def is_within(found: Any, written: Any) -> bool:
    """Whether all of `found` is in `written`, which may have declared defaults besides."""
    if isinstance(found, dict):
        return isinstance(written, dict) and all(
            name in written and is_within(value, written[name]) for name, value in found.items()
        )
    if isinstance(found, list):
        return (
            isinstance(written, list) and len(found) == len(written) and all(map(is_within, found, written))
        )
    return bool(found == written)


def test_the_golden_answers_hold_agents_offers_tasks_and_statuses() -> None:
    seen = {record for path in golden_files() for record, _ in golden(path)}
    assert seen >= {AgentInfo, FrameworkInfo, MasterInfo, Offer, Resource, Role, Task, TaskInfo, TaskStatus}


def test_the_resources_of_an_offer_add_up() -> None:
    offers = json.loads((GOLDEN / "updates/offer_event.json").read_bytes())["offers"]["offers"]
    offer = decode(json.dumps(offers[0]), Offer)
    assert Resources(offer.resources) == Resources.parse("cpus:64;mem:65536;disk:20000;ports:[31000-32000]")


# --- leniency on the way in ---


def read(record: type[Record], **fields: object) -> Record:
    return decode(json.dumps(fields), record)


def test_null_counts_as_absent() -> None:
    framework = {"user": "u", "name": "n", "id": None, "roles": None, "offer_filters": {"a": None}}
    assert read(FrameworkInfo, **framework) == FrameworkInfo(user="u", name="n")
    assert read(FrameworkInfo, user="u", name="n", roles=["a", None]) == FrameworkInfo(
        user="u", name="n", roles=("a",)
    )


def test_a_single_value_stands_for_a_list_of_one() -> None:
    assert read(CommandInfo, arguments="-x") == CommandInfo(arguments=("-x",))
    variable = {"name": "A", "value": None}
    assert read(Environment, variables=variable) == Environment(variables=(Environment.Variable(name="A"),))


@pytest.mark.parametrize(
    ("record", "fields", "expected"),
    [
        (DrainConfig, {"mark_gone": "true"}, DrainConfig(mark_gone=True)),
        (DrainConfig, {"mark_gone": "false"}, DrainConfig(mark_gone=False)),
        (HealthCheck, {"consecutive_failures": "5"}, HealthCheck(consecutive_failures=5)),
        (HealthCheck, {"consecutive_failures": 5.0}, HealthCheck(consecutive_failures=5)),
        (Filters, {"refuse_seconds": "0.5"}, Filters(refuse_seconds=0.5)),
        (Filters, {"refuse_seconds": "Infinity"}, Filters(refuse_seconds=math.inf)),
        (Filters, {"refuse_seconds": "-Infinity"}, Filters(refuse_seconds=-math.inf)),
        (TimeInfo, {"nanoseconds": str(2**62)}, TimeInfo(nanoseconds=2**62)),
        (Filters, {"colour": ["red"]}, Filters()),
        (CommandInfo, {"value": "null"}, CommandInfo(value="null")),
    ],
)
def test_numbers_and_truth_values_may_be_strings_and_unknown_fields_are_ignored(
    record: type[Record], fields: dict[str, object], expected: Record
) -> None:
    assert read(record, **fields) == expected


def test_an_unknown_name_of_an_enumeration_is_dropped_unless_the_field_is_required() -> None:
    framework = read(FrameworkInfo, user="u", name="n", capabilities=[{"type": "FLYING"}])
    assert framework == FrameworkInfo(user="u", name="n", capabilities=(FrameworkInfo.Capability(),))
    status = {"task_id": {"value": "t"}, "state": "TASK_RUNNING", "reason": "REASON_WEATHER"}
    assert read(TaskStatus, **status) == read(TaskStatus, **(status | {"reason": None}))
    with pytest.raises(ValueError, match=r"TASK_DANCING.*\$\.state"):
        read(TaskStatus, **(status | {"state": "TASK_DANCING"}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"user":null,"name":"n"}', "required field `user`"),
        ('{"user":"u","name":3}', r"Expected `str`, got `int` - at `\$.name`"),
        ('{"user":"u","name":"n","id":{"value":[]}}', r"at `\$.id.value`"),
        ('{"user":"u","name":"n","roles":[{}]}', r"at `\$.roles\[0\]`"),
        ('{"user":"u","name":"n","offer_filters":3}', r"at `\$.offer_filters`"),
        ('"framework"', "Expected `object`"),
        ('{"user":', "truncated"),
        (b'{"user":"\xff"}', "utf-8"),
        ("", "truncated"),
    ],
)
def test_what_cannot_be_read_is_refused_naming_the_field(text: bytes | str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        decode(text, FrameworkInfo)


@pytest.mark.parametrize("inner", ['{"value":"x"}', '{"value":null}', "["])
def test_what_is_nested_too_deeply_is_refused(inner: str) -> None:
    with pytest.raises(ValueError, match="nested deeper than 64"):
        decode('{"value":"x","parent":' * 10_000 + inner + "}" * 10_000, ContainerID)


def nested(levels: int) -> str:
    return '{"value":"{[","parent":' * (levels - 1) + '{"value":"\\\\\\"{"}' + "}" * (levels - 1)


def test_objects_and_lists_are_nested_no_deeper_than_the_limit_and_brackets_in_texts_do_not_count() -> None:
    assert json.loads(encode(decode(nested(64), ContainerID))) == json.loads(nested(64))
    with pytest.raises(ValueError, match="nested deeper than 64"):
        decode(nested(65), ContainerID)
    with pytest.raises(ValueError, match="nested deeper than 64"):
        decode(nested(65).replace("parent", r"p\u0061rent"), ContainerID)
    many = {"offer_ids": [{"value": "{"}] * 1_000, "unknown": [[], [[]], {}]}
    assert len(decode(json.dumps(many), Call.Decline).offer_ids) == 1_000


@pytest.mark.parametrize("spelled", ["NaN", "nan", "-nAn", r"\u004eaN"])
def test_an_undefined_number_is_refused(spelled: str) -> None:
    text = (
        '{"name":"nan","task_id":{"value":"NaN"},"agent_id":{"value":"a"},"resources":['
        f'{{"name":"cpus","type":"SCALAR","scalar":{{"value":"{spelled}"}}}}]}}'
    )
    with pytest.raises(
        ValueError, match=r"Expected a number, got NaN - at `\$\.resources\[0\]\.scalar\.value`"
    ):
        decode(text, TaskInfo)
    assert decode(text.replace(spelled, "1"), TaskInfo).resources[0].scalar == Value.Scalar(value=1.0)


@pytest.mark.parametrize("number", ["1e999", '"1e999"', "-1e400", "9" * 5_000])
def test_a_number_beyond_all_bounds_is_refused_by_name(number: str) -> None:
    with pytest.raises(ValueError, match=r"out of range - at `\$\.nanoseconds`"):
        decode(f'{{"nanoseconds":{number}}}', TimeInfo)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10mins", Duration(seconds=600, nanos=0)),
        ("1.5secs", Duration(seconds=1, nanos=500_000_000)),
        ("-1.5secs", Duration(seconds=-1, nanos=-500_000_000)),
        ({"seconds": "5"}, Duration(seconds=5)),
        (None, None),
    ],
)
def test_a_duration_of_protobuf_may_be_text(text: object, expected: Duration | None) -> None:
    call = {"type": "DRAIN_AGENT", "drain_agent": {"agent_id": {"value": "a"}, "max_grace_period": text}}
    drain = decode(json.dumps(call), OperatorCall).drain_agent
    assert drain == OperatorCall.DrainAgent(agent_id=AgentID(value="a"), max_grace_period=expected)


# --- defaults on the way out ---


@pytest.mark.parametrize(
    ("record", "written"),
    [
        (Filters(), {"refuse_seconds": 5.0}),
        (Filters(refuse_seconds=0.0), {"refuse_seconds": 0.0}),
        (CommandInfo(value="x"), {"value": "x", "shell": True}),
        (
            CommandInfo(uris=(CommandInfo.URI(value="a"), CommandInfo.URI(value="b", extract=False))),
            {"uris": [{"value": "a", "extract": True}, {"value": "b", "extract": False}], "shell": True},
        ),
        (
            ContainerInfo(type=ContainerInfo.Type.DOCKER, docker=ContainerInfo.DockerInfo(image="i")),
            {"type": "DOCKER", "docker": {"image": "i", "network": "HOST", "privileged": False}},
        ),
        (NetworkInfo(name="n"), {"name": "n"}),
        (NetworkInfo.IPAddress(), {"protocol": "IPv4"}),
    ],
)
def test_unset_fields_are_written_with_their_declared_defaults(
    record: Record, written: dict[str, object]
) -> None:
    assert json.loads(encode(record)) == written


def test_deprecated_defaults_and_fields_without_default_are_left_out() -> None:
    cpus = Resource(name="cpus", type=Value.Type.SCALAR, scalar=Value.Scalar(value=1.0))
    assert encode(cpus) == b'{"name":"cpus","type":"SCALAR","scalar":{"value":1.0}}'
    assert "role" not in json.loads(encode(FrameworkInfo(user="u", name="n")))


def test_defaults_are_written_within_maps_and_lists_of_records() -> None:
    task = {"name": "t", "task_id": {"value": "t"}, "agent_id": {"value": "a"}}
    volume = {"container_path": "c", "mode": "RO", "image": {"type": "DOCKER"}}
    info = read(TaskInfo, **task, container={"type": "MESOS", "volumes": [volume]})
    written = json.loads(encode(info))
    assert written["container"]["volumes"] == [volume | {"image": {"type": "DOCKER", "cached": True}}]
    secret = {"type": "VALUE", "value": {"data": "AA=="}}
    assert json.loads(encode(read(Environment, variables=[{"name": "A", "secret": secret}]))) == {
        "variables": [{"name": "A", "type": "VALUE", "secret": secret}]
    }


@pytest.mark.parametrize("spelled", ["Infinity", "-Infinity"])
def test_infinite_numbers_are_spelled(spelled: str) -> None:
    task = {"name": "null", "task_id": {"value": "t"}, "agent_id": {"value": "a"}}
    info = read(TaskInfo, **task, limits={"mem": {"value": spelled}, "cpus": {"value": 1}})
    assert json.loads(encode(info))["limits"] == {"mem": {"value": spelled}, "cpus": {"value": 1}}
    assert decode(encode(info), TaskInfo) == info


def test_output_is_compact_with_plain_slashes_numbers_and_base64() -> None:
    status = TaskStatus(
        task_id=TaskID(value="a/b"),
        state=TaskState.TASK_LOST,
        data=b"\x00\xff",
        unreachable_time=TimeInfo(nanoseconds=2**62),
    )
    assert encode(status) == (
        b'{"task_id":{"value":"a/b"},"state":"TASK_LOST","data":"AP8=",'
        b'"unreachable_time":{"nanoseconds":4611686018427387904}}'
    )
