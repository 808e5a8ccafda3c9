from __future__ import annotations

import json

import msgspec

from actors.master.view import endpoint_parts
from transport.messages.viewing import OfferFact
from transport.records.command import CommandInfo, Environment
from transport.records.executor import ExecutorInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, OfferID
from transport.records.offer import Offer
from transport.records.resources import Resources


def plain(value: object) -> object:
    return json.loads(msgspec.json.encode(value))


def test_an_executor_has_the_keys_that_mesos_gives_it() -> None:
    info = ExecutorInfo(
        type=ExecutorInfo.Type.CUSTOM,
        executor_id=ExecutorID(value="e"),
        command=CommandInfo(
            value="run",
            shell=True,
            uris=(CommandInfo.URI(value="http://a/b"),),
            environment=Environment(variables=(Environment.Variable(name="A", value="1"),)),
        ),
        resources=tuple(Resources.parse("cpus:0.5").allocate("a")),
        name="mine",
    )
    assert plain(endpoint_parts.executor(info, "f", "S0")) == {
        "executor_id": "e",
        "name": "mine",
        "framework_id": "f",
        "command": {
            "argv": [],
            "uris": [{"value": "http://a/b", "executable": False}],
            "shell": True,
            "value": "run",
            "environment": {"variables": [{"name": "A", "type": "VALUE", "value": "1"}]},
        },
        "resources": {"cpus": 0.5, "gpus": 0.0, "mem": 0.0, "disk": 0.0},
        "slave_id": "S0",
        "role": "a",
        "type": "CUSTOM",
    }


def test_an_offer_is_shown_with_its_role_whatever_its_framework_was_sent() -> None:
    offer = Offer(
        id=OfferID(value="o"),
        framework_id=FrameworkID(value="f"),
        agent_id=AgentID(value="S0"),
        hostname="host",
    )
    found = endpoint_parts.offer(OfferFact("a", Resources.parse("cpus:1").allocate("a"), offer))
    assert (found["id"], found["slave_id"], found["allocation_info"]) == ("o", "S0", {"role": "a"})
    assert found["resources"]["cpus"] == 1.0
