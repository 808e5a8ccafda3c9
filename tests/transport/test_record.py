"""Records are values: immutable, compared by field, and read strictly."""

from __future__ import annotations

import importlib
import pkgutil

import msgspec
import pytest

from transport import records
from transport.record import Record
from transport.records.command import CommandInfo
from transport.records.ids import AgentID, TaskID
from transport.records.master import MasterInfo
from transport.records.task_status import TaskState, TaskStatus
from transport.schema import declared_in

RECORDS = [
    found
    for file in pkgutil.iter_modules(records.__path__)
    for found in declared_in(importlib.import_module(f"{records.__name__}.{file.name}"))
    if issubclass(found, Record)
]


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        AgentID(value="a").value = "b"  # type: ignore[misc]


def test_records_of_equal_fields_are_equal_and_hash_alike() -> None:
    assert AgentID(value="a") == AgentID(value="a")
    assert len({AgentID(value="a"), AgentID(value="a"), AgentID(value="b")}) == 2


def test_a_required_field_must_be_given() -> None:
    with pytest.raises(TypeError, match="value"):
        AgentID()  # type: ignore[call-arg]


def test_what_was_not_set_is_none_and_is_not_written() -> None:
    command = CommandInfo(value="true", shell=False)
    assert command.user is None
    assert msgspec.json.encode(command) == b'{"shell":false,"value":"true"}'


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__qualname__)
def test_each_record_can_be_read_and_written(record: type[Record]) -> None:
    """The annotations can be resolved, whatever a class calls its fields."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(0), type=record)


def test_an_enumeration_is_written_by_name() -> None:
    status = TaskStatus(task_id=TaskID(value="t"), state=TaskState.TASK_RUNNING)
    packed = msgspec.msgpack.encode(status)
    assert b"TASK_RUNNING" in packed
    assert msgspec.msgpack.decode(packed, type=TaskStatus) == status
    assert TaskState.TASK_RUNNING.number == 1


def test_an_integer_beyond_its_protobuf_type_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"<= 4294967295.*\$\.ip"):
        msgspec.json.decode(b'{"id":"m","ip":4294967296,"port":5050}', type=MasterInfo)
