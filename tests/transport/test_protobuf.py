"""Protobuf of every record: the same as JSON, the same as the library, and faults are named."""

from __future__ import annotations

import json
import math
import re
import struct
from random import Random

import pytest

from tests.transport.records.any_record import any_record, every_record
from transport import json_v1, protobuf
from transport.descriptors import in_order, message_class
from transport.protobuf_wire import ProtobufError
from transport.record import Record, proto_name
from transport.records.framework import FrameworkInfo, OfferFilters
from transport.records.ids import ContainerID, FrameworkID, OfferID, TaskID
from transport.records.linux import CapabilityInfo
from transport.records.master_response import Response
from transport.records.offer import Filters
from transport.records.offer_constraints import AttributeConstraint
from transport.records.scheduler_call import Call
from transport.records.task import Task
from transport.records.task_status import TaskStatus

Capability = CapabilityInfo.Capability

#: What the reader refuses though the library does not.
STRICTER = (
    *("Invalid UTF-8", "got NaN", "Nested deeper", "number 0"),
    *("Expected varint", "Expected bytes", "Expected 64 bits"),
)


def test_every_record_is_the_same_in_json_and_in_protobuf() -> None:
    for record in every_record():
        for seed in range(6):
            made = any_record(Random(f"{proto_name(record)} {seed}"), record)
            assert protobuf.decode(protobuf.encode(made), record) == made
            text = json_v1.encode(made)
            read = json_v1.decode(text, record)
            again = json_v1.encode(protobuf.decode(protobuf.encode(read), record))
            assert json.loads(again) == json.loads(text)


def damaged(rng: Random, data: bytes) -> bytes:
    """The data with some of its bytes changed, cut out, doubled or put elsewhere."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(found) + 1)
        length = rng.choice((1, 1, 2, 10))
        piece = found[at : at + length]
        kind = rng.randrange(5)
        if kind == 0:
            found[at : at + 1] = bytes((rng.randrange(256),))
        elif kind == 1:
            del found[at : at + length]
        elif kind == 2:
            found[at:at] = piece * rng.choice((1, 3))
        elif kind == 3:
            found += piece
        else:
            found[at:at] = rng.choice((b"\xff" * 9, b"\x80\x80\x00", b"\x0b\x0c", b"\x08\x01", b"\x0a\x00"))
    return bytes(found)


def test_damaged_bytes_are_read_as_the_library_reads_them_or_refused() -> None:
    read = refused = 0
    records = [record for record in every_record() if "Call" in proto_name(record) or record is TaskStatus]
    for seed in range(4_000):
        rng = Random(seed)
        record = rng.choice(records)
        data = damaged(rng, protobuf.encode(any_record(rng, record, nesting=3)))
        try:
            found = protobuf.decode(data, record)
        except ValueError as error:
            refused += 1
            assert any(rule in str(error) for rule in STRICTER) or not is_accepted(record, data), (
                seed,
                error,
            )
        else:
            read += 1
            assert protobuf.decode(in_order(data, record), record) == found, seed
            library = message_class(record).FromString(data)
            library.DiscardUnknownFields()
            if len(library.SerializeToString()) == len(in_order(data, record)):  # it knows all there is
                assert protobuf.encode(found) == library.SerializeToString(deterministic=True), seed
    assert read > 500
    assert refused > 1_000


def is_accepted(record: type[Record], data: bytes) -> bool:
    """Whether the library reads it, with all that is required."""
    try:
        ordered = in_order(data, record)
    except ValueError:
        return False
    return bool(message_class(record).FromString(ordered).IsInitialized())


@pytest.mark.parametrize(
    ("record", "data", "expected"),
    [
        (TaskID, b"\x0a\x01t\xfa\x3f\x01x\x80\x01\x05", TaskID(value="t")),
        (Call, b"\x10\x63\x0a\x03\x0a\x01f", Call(framework_id=FrameworkID(value="f"))),
        (CapabilityInfo, b"\x08\x63\x08\x00", CapabilityInfo(capabilities=(Capability.UNKNOWN,))),
    ],
)
def test_unknown_fields_and_members_are_ignored(record: type[Record], data: bytes, expected: Record) -> None:
    assert protobuf.decode(data, record) == expected


def test_a_message_in_pieces_is_put_together_though_each_lacks_something() -> None:
    subscribe = b"\x1a\x05\x0a\x03\x0a\x01u" + b"\x1a\x05\x0a\x03\x12\x01n"
    assert protobuf.decode(subscribe, Call) == Call(
        subscribe=Call.Subscribe(framework_info=FrameworkInfo(user="u", name="n"))
    )


def test_pieces_of_a_message_are_put_together_though_none_lacks_anything() -> None:
    first, second = (protobuf.encode(Call(accept=Call.Accept(offer_ids=(OfferID(value=v),)))) for v in "ab")
    assert protobuf.decode(first + second, Call) == Call(
        accept=Call.Accept(offer_ids=(OfferID(value="a"), OfferID(value="b")))
    )


def test_of_single_values_and_of_fields_that_exclude_each_other_the_last_counts() -> None:
    assert protobuf.decode(b"\x0a\x01a\x0a\x01b", TaskID) == TaskID(value="b")
    selector = AttributeConstraint.Selector
    assert protobuf.decode(b"\x08\x01\x12\x01a", selector) == selector(attribute_name="a")
    assert protobuf.decode(b"\x12\x01a\x08\x01", selector) == selector(
        pseudoattribute_type=selector.PseudoattributeType.HOSTNAME
    )


def test_members_packed_together_are_read() -> None:
    packed = protobuf.decode(b"\x0a\x02\x00\x00", CapabilityInfo)
    assert packed == CapabilityInfo(capabilities=(Capability.UNKNOWN, Capability.UNKNOWN))


def test_an_entry_of_a_map_may_lack_its_key_and_its_value() -> None:
    assert protobuf.decode(b"\x0a\x01u\x12\x01n\x6a\x00", FrameworkInfo) == FrameworkInfo(
        user="u", name="n", offer_filters={"": OfferFilters()}
    )


def nested(levels: int) -> bytes:
    data = b"\x0a\x01c"
    for _ in range(levels - 1):
        data = b"\x0a\x01c" + protobuf.embed(ContainerID, "parent", data)
    return data


def test_messages_are_nested_no_deeper_than_the_limit() -> None:
    assert protobuf.encode(protobuf.decode(nested(64), ContainerID)) == nested(64)
    with pytest.raises(ProtobufError, match=r"Nested deeper than 64 - at `\$(\.parent){64}`$"):
        protobuf.decode(nested(65), ContainerID)


ACCEPT = Call(type=Call.Type.ACCEPT, accept=Call.Accept(offer_ids=(OfferID(value="a"), OfferID(value="b"))))


@pytest.mark.parametrize(
    ("record", "data", "expected"),
    [
        (TaskID, b"", "Object missing required field `value`"),
        (
            Call,
            b"\x22\x04\x0a\x02\x12\x00",
            "Object missing required field `value` - at `$.accept.offer_ids[0]`",
        ),
        (
            Call,
            b"\x22\x07\x0a\x03\x0a\x01a\x0a\x00",
            "Object missing required field `value` - at `$.accept.offer_ids[1]`",
        ),
        (Call, b"\x22\x04\x0a\x02\x08\x01", "Expected bytes, got varint - at `$.accept.offer_ids[0].value`"),
        (Call, b"\x12\x00", "Expected varint, got bytes - at `$.type`"),
        (
            Call,
            protobuf.encode(ACCEPT)[:-1],
            "Input data was truncated - at `$.accept`",
        ),
        (Call, b"\x22\x05\x0a\x03\x0a\x01\xff", "Invalid UTF-8 - at `$.accept.offer_ids[0].value`"),
        (
            Filters,
            b"\x09" + struct.pack("<d", math.nan),
            "Expected a number, got NaN - at `$.refuse_seconds`",
        ),
        (
            FrameworkInfo,
            b"\x6a\x06\x0a\x01r\x12\x01\x0a",
            "Input data was truncated - at `$.offer_filters.value.min_allocatable_resources`",
        ),
        (TaskID, b"\x07", "Expected a field, got number 0 of wire type 7"),
        (
            TaskStatus,
            b"\x0a\x03\x0a\x01t\x10\xff\x07",
            "Object missing required field `state`",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_naming_the_field(
    record: type[Record], data: bytes, expected: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        protobuf.decode(data, record)


def test_a_message_may_have_so_many_bytes_and_no_more() -> None:
    data = protobuf.encode(TaskID(value="x" * 100))
    assert protobuf.decode(data, TaskID, max_bytes=len(data)).value == "x" * 100
    with pytest.raises(ValueError, match="102 bytes exceed 101"):
        protobuf.decode(data, TaskID, max_bytes=101)


def test_a_record_may_be_joined_of_fields_written_one_by_one() -> None:
    tasks = [any_record(Random(seed), Task) for seed in range(3)]
    pieces = [protobuf.embed(Response.GetTasks, "tasks", protobuf.encode(task)) for task in tasks]
    whole = Response.GetTasks(tasks=tuple(tasks))
    assert b"".join(pieces) == protobuf.encode(whole)
    answer = protobuf.embed(Response, "get_tasks", b"".join(pieces))
    assert protobuf.decode(answer, Response) == Response(get_tasks=whole)
    with pytest.raises(KeyError, match="type"):
        protobuf.embed(Response, "type", b"")
