from __future__ import annotations

import random
import struct
import zlib

import msgspec
import pytest

from actors.agent.checkpoints import Reading, encode, read, read_one, seal, unseal
from actors.agent.retained import StreamRecord
from actors.simulation.platter import CachedFile, Change
from tests.actors.agent.kept import framework, status
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo

_RECORDS = tuple(StreamRecord(acknowledged=bytes([number]) * 5) for number in range(3))
_CONTENT = b"".join(map(encode, _RECORDS))
_SIZE = len(_CONTENT) // 3


def test_a_record_is_read_as_it_was_written() -> None:
    assert read_one(encode(framework()), FrameworkInfo) == framework()


def test_the_format_is_the_documented_one() -> None:
    content = encode(StreamRecord(acknowledged=b"x"))
    body = msgspec.msgpack.encode({"acknowledged": b"x"})
    length = struct.pack("=I", len(body))
    assert content == (
        length + struct.pack("=I", zlib.crc32(length)) + body + struct.pack("=I", zlib.crc32(body)) + b"\n"
    )


def test_several_records_follow_each_other() -> None:
    assert read(_CONTENT, StreamRecord) == Reading(_RECORDS, len(_CONTENT))
    assert read(b"", StreamRecord) == Reading((), 0)


def test_a_tail_that_was_cut_off_is_no_damage() -> None:
    for size in range(len(_CONTENT)):
        whole = size // _SIZE
        assert read(_CONTENT[:size], StreamRecord) == Reading(_RECORDS[:whole], whole * _SIZE)


def test_a_tail_with_zeros_for_the_rest_is_no_damage() -> None:
    for size in range(2 * _SIZE, len(_CONTENT)):
        for zeros in range(len(_CONTENT) - size + 1):
            content = _CONTENT[:size] + bytes(zeros)
            assert read(content, StreamRecord) == Reading(_RECORDS[:2], 2 * _SIZE)


def test_whatever_a_power_failure_leaves_of_an_append_is_recognised() -> None:
    rng = random.Random(5)
    record = StreamRecord(update=status(b"u" * 900))
    for _ in range(200):
        file = CachedFile(_CONTENT)
        file.change(Change(len(_CONTENT), encode(record)))
        file.lose(rng)
        reading = read(file.durable, StreamRecord)
        assert reading.damage is None
        assert reading.records in (_RECORDS, (*_RECORDS, record))


def test_every_flipped_bit_is_found_and_where() -> None:
    for bit in range(8 * len(_CONTENT)):
        content = bytearray(_CONTENT)
        content[bit // 8] ^= 1 << bit % 8
        before = bit // 8 // _SIZE
        reading = read(bytes(content), StreamRecord)
        assert reading.records == _RECORDS[:before]
        assert reading.damage is not None
        assert reading.damage.startswith(f"at offset {before * _SIZE}: ")


def test_a_record_of_another_kind_is_damage() -> None:
    with pytest.raises(ValueError, match="at offset 0: no ExecutorInfo"):
        read_one(encode(framework()), ExecutorInfo)


def test_a_file_for_one_record_has_exactly_one() -> None:
    one = encode(framework())
    for content in (b"", one[:-1], one + one, one + b"\0"):
        with pytest.raises(ValueError, match="not one whole record"):
            read_one(content, FrameworkInfo)


def test_sealed_text_can_be_read_by_people_and_no_bit_of_it_flips_unseen() -> None:
    content = seal("m1-S0")
    assert content.startswith(b"m1-S0 ")
    assert unseal(content) == "m1-S0"
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ValueError, match="checksum"):
            unseal(bytes(flipped))
