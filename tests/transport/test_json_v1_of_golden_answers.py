"""What a real Mesos answered, whole: each is read as what it is, and is the same in both encodings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.transport.test_json_v1 import GOLDEN, is_within
from transport import json_v1, protobuf
from transport.record import Record
from transport.records.agent_response import Response as AgentResponse
from transport.records.master_response import Response as MasterResponse
from transport.records.scheduler_call import Call
from transport.records.scheduler_event import Event

FILES: dict[str, type[Record]] = {
    "v1-master/*.json": MasterResponse,
    "v1-agent/*.json": AgentResponse,
    "stream/*.request.json": Call,
    "stream/stream.events.json": Event,
    "updates/*.json": Event,
}


def golden() -> list[tuple[str, type[Record], Any]]:
    found = []
    for pattern, record in FILES.items():
        for path in sorted(GOLDEN.glob(pattern)):
            content = json.loads(path.read_bytes())
            values = content if isinstance(content, list) else [content]
            found += [(f"{path.parent.name}/{path.stem}", record, value) for value in values]
    return found


def without_empty_lists(value: Any) -> Any:
    """Clients may send them; they say nothing, and are not written."""
    if isinstance(value, dict):
        return {name: without_empty_lists(inner) for name, inner in value.items() if inner != []}
    return [without_empty_lists(inner) for inner in value] if isinstance(value, list) else value


def test_there_are_answers_of_each_kind() -> None:
    names = [name for name, _, _ in golden()]
    assert len(names) > 60
    assert {"v1-master/GET_STATE", "v1-agent/GET_STATE", "stream/accept.request"} <= set(names)
    assert all(list(GOLDEN.glob(pattern)) for pattern in FILES)


@pytest.mark.parametrize(("name", "record", "value"), golden())
def test_it_is_read_and_written_with_nothing_lost(name: str, record: type[Record], value: Any) -> None:
    read = json_v1.decode(json.dumps(value), record)
    assert is_within(without_empty_lists(value), json.loads(json_v1.encode(read)))
    assert protobuf.decode(protobuf.encode(read), record) == read
