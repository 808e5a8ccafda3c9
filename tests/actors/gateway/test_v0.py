from __future__ import annotations

import json

import msgspec
import pytest
from msgspec.structs import replace

from actors.gateway import v0
from tests.actors.master.http.leader import running
from transport.records.container import ContainerStatus
from transport.records.discovery import DiscoveryInfo
from transport.records.ids import ContainerID, ExecutorID
from transport.records.labels import Label, Labels
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.value import Value
from transport.records.value_text import parse_attributes


def plain(value: object) -> object:
    return json.loads(msgspec.json.encode(value))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", {"cpus": 0.0, "gpus": 0.0, "mem": 0.0, "disk": 0.0}),
        ("cpus:0.1;cpus(a):0.2;mem:64", {"cpus": 0.3, "gpus": 0.0, "mem": 64.0, "disk": 0.0}),
        (
            "ports:[31000-31009];ports(a):[31010-31010,31020-31021];words:{a,b};bananas:3",
            {
                "cpus": 0.0,
                "gpus": 0.0,
                "mem": 0.0,
                "disk": 0.0,
                "bananas": 3.0,
                "ports": "[31000-31010, 31020-31021]",
                "words": "{a, b}",
            },
        ),
    ],
)
def test_resources_are_amounts_by_name(text: str, shown: dict[str, object]) -> None:
    assert v0.resources(Resources.parse(text)) == shown


def test_what_may_be_taken_back_stands_apart() -> None:
    revocable = replace(next(iter(Resources.parse("cpus:2"))), revocable=Resource.RevocableInfo())
    found = v0.resources([*Resources.parse("cpus:1"), revocable])
    assert (found["cpus"], found["cpus_revocable"]) == (1.0, 2.0)


def test_attributes_are_numbers_or_text() -> None:
    attributes = parse_attributes("rack:r1;level:2.5;ports:[1-2,5-6]")
    assert v0.attributes(attributes) == {"rack": "r1", "level": 2.5, "ports": "[1-2, 5-6]"}


def test_a_task_has_the_keys_that_mesos_gives_it() -> None:
    record = running("S0", "t")
    assert plain(v0.task(record)) == {
        "id": "t",
        "name": "t",
        "framework_id": "old-0000",
        "executor_id": "",
        "slave_id": "S0",
        "state": "TASK_RUNNING",
        "resources": {"cpus": 1.0, "gpus": 0.0, "mem": 512.0, "disk": 0.0},
        "role": "*",
        "statuses": [{"state": "TASK_RUNNING", "timestamp": 5.0}],
    }
    labels = Labels(labels=(Label(key="tier", value="web"),))
    status = replace(
        record.statuses[0],
        labels=labels,
        healthy=True,
        container_status=ContainerStatus(container_id=ContainerID(value="c"), executor_pid=7),
    )
    more = replace(
        record,
        executor_id=ExecutorID(value="e"),
        labels=labels,
        statuses=(status,),
        user="nobody",
        limits={"cpus": Value.Scalar(value=2.0)},
        discovery=DiscoveryInfo(visibility=DiscoveryInfo.Visibility.EXTERNAL, name="web"),
    )
    found = plain(v0.task(more))
    assert isinstance(found, dict)
    assert (found["executor_id"], found["user"], found["limits"]) == ("e", "nobody", {"cpus": 2.0})
    assert found["labels"] == [{"key": "tier", "value": "web"}]
    assert found["discovery"] == {"visibility": "EXTERNAL", "name": "web"}
    assert found["statuses"] == [
        {
            "state": "TASK_RUNNING",
            "timestamp": 5.0,
            "labels": [{"key": "tier", "value": "web"}],
            "container_status": {"container_id": {"value": "c"}},
            "healthy": True,
        }
    ]
