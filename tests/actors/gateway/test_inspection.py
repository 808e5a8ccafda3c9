from __future__ import annotations

import pytest

from actors.gateway.inspection import inspection_routes
from actors.node.host import HostStatistics
from tests.actors.gateway.browser import Answer, fetch
from tests.actors.gateway.fronts import Answers, front, served
from transport.messages.node import (
    DescribeNode,
    NodeDescription,
    NodeRefusal,
    ReadVerbosity,
    SetVerbosity,
    Verbosity,
)
from transport.messages.supervision import ActorStatus
from transport.pid import Address, Pid

ACTOR = ActorStatus(
    pid=Pid("agent", "127.0.0.1", 6051),
    kind="actors.agent.agent:Agent",
    depth=3,
    turns=7,
    crashes=1,
    overflows=2,
    longest_turn_seconds=0.5,
)
NODE = NodeDescription(
    address=Address("127.0.0.1", 6051),
    incarnation=1,
    version="1",
    process=42,
    uptime_seconds=1.0,
    actors=(ACTOR,),
    peers=(),
)


def get(target: str, answers: Answers) -> Answer:
    with served(inspection_routes(front(answers))) as address:
        return fetch(address, target)


def test_the_level_of_the_log_is_told_and_set_for_a_while() -> None:
    answers = Answers({ReadVerbosity: Verbosity(2), SetVerbosity: Verbosity(3)}, [])
    assert get("/logging/toggle", answers).text == "2\n"
    set_ = get("/logging/toggle?level=3&duration=1.5mins", answers)
    assert (set_.status, set_.body) == (200, b"")
    assert answers.asked == [("node", ReadVerbosity()), ("node", SetVerbosity(3, 90.0))]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("level=1", "duration: must be given, too"),
        ("duration=1secs", "level: must be given, too"),
        ("level=-1&duration=1secs", "level: must be a number from 0 up"),
        ("level=x&duration=1secs", "level: must be a number from 0 up"),
        ("level=1&duration=soon", "duration: duration 'soon'"),
        ("level=1&duration=9weeks", "duration: must be at most 1weeks, and not negative"),
    ],
)
def test_a_level_that_cannot_be_is_refused(query: str, text: str) -> None:
    answer = get(f"/logging/toggle?{query}", Answers({}, []))
    assert answer.status == 400
    assert answer.text.startswith(text)


def test_the_host_tells_its_load_and_memory() -> None:
    told = get("/system/stats.json", Answers({}, [])).json
    assert isinstance(told, dict)
    assert list(told) == list(HostStatistics.__struct_fields__)
    assert told["cpus_total"] >= 1
    assert told["mem_total_bytes"] > told["mem_free_bytes"] > 0


def test_the_actors_of_the_process_are_listed() -> None:
    assert get("/__processes__", Answers({DescribeNode: NODE}, [])).json == [
        {
            "id": "agent",
            "pid": "agent@127.0.0.1:6051",
            "kind": "actors.agent.agent:Agent",
            "queued": 3,
            "turns": 7,
            "crashes": 1,
            "dropped": 2,
            "longest_turn_secs": 0.5,
        }
    ]


def test_a_node_that_answers_something_else_is_not_believed() -> None:
    answers = Answers({ReadVerbosity: NodeRefusal("no"), DescribeNode: NodeRefusal("no")}, [])
    for target in ("/logging/toggle", "/__processes__"):
        assert get(target, answers).status == 503
