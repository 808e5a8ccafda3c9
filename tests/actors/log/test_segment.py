from __future__ import annotations

import pytest
from crc32c import crc32c

from actors.log.records import Identity
from actors.log.segment import (
    UNIT_BYTES,
    Kind,
    Link,
    Mark,
    decode_head,
    decode_mark,
    encode_frame,
    encode_mark,
    known_bytes,
    segment_name,
    segment_numbers,
)


def test_the_checksum_is_the_castagnoli_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize("length", range(70))
def test_a_frame_is_a_multiple_of_32_bytes_and_does_not_end_in_zero(length: int) -> None:
    frame, _ = encode_frame((Identity("x" * length),), Kind.FOLLOWS, Link())
    assert len(frame) % UNIT_BYTES == 0
    assert frame[-1] != 0
    decoded = decode_head(frame, 0)
    assert decoded is not None
    assert decoded[0].size_bytes == len(frame)


def test_each_frame_names_the_one_before_it() -> None:
    first, link = encode_frame((Identity("a"), Identity("b")), Kind.BEGINS, Link())
    second, after = encode_frame((Identity("c"),), Kind.FOLLOWS, link)
    decoded = decode_head(first + second, len(first))
    assert decoded is not None
    assert (decoded[0].sequence, decoded[0].previous) == link == (2, link.check)
    assert after == (3, decoded[1])


def test_the_same_records_elsewhere_are_another_frame() -> None:
    records = (Identity("a"),)
    frames = {encode_frame(records, Kind.FOLLOWS, Link(*link))[0] for link in ((0, 0), (1, 0), (0, 1))}
    assert len(frames) == 3


def test_a_frame_begins_with_what_is_known_of_it() -> None:
    link = Link(7, 12345)
    frame, _ = encode_frame((Identity("a"),), Kind.FOLLOWS, link)
    assert frame.startswith(known_bytes(Kind.FOLLOWS, link))


def test_a_head_with_a_changed_bit_is_none() -> None:
    frame, _ = encode_frame((Identity("a"),), Kind.FOLLOWS, Link())
    for bit in range(8 * UNIT_BYTES):
        changed = bytearray(frame)
        changed[bit // 8] ^= 1 << bit % 8
        assert decode_head(bytes(changed), 0) is None


def test_a_mark_is_read_as_it_was_written() -> None:
    mark = Mark(3, 4096, 0xDEADBEEF)
    content = encode_mark(mark)
    assert len(content) == UNIT_BYTES
    assert decode_mark(content) == mark
    assert decode_mark(bytes(UNIT_BYTES)) is None
    assert decode_mark(content[:-1] + bytes((content[-1] ^ 1,))) is None


def test_segments_are_known_by_their_names() -> None:
    names = ("marks", segment_name(10), segment_name(9), "segment-1", f"{segment_name(3)}.new", "x")
    assert segment_numbers(names) == [9, 10]
