from __future__ import annotations

import msgspec
from crc32c import crc32c

from actors.log.frame import Fault, Frame, read_frame
from actors.log.records import Begins, Identity
from actors.log.segment import UNIT_BYTES, Kind, Link, encode_frame

LINK = Link(4, 99)
FRAME, AFTER = encode_frame((Identity("a" * 600), Begins(2)), Kind.FOLLOWS, LINK)


def fault_of(content: bytes, at: int = 0, link: Link = LINK) -> Fault:
    read = read_frame(content, at, (link,))
    assert isinstance(read, Fault)
    return read


def test_a_whole_frame_is_read() -> None:
    expected = Frame(Kind.FOLLOWS, (Identity("a" * 600), Begins(2)), len(FRAME), AFTER)
    assert read_frame(FRAME, 0, (LINK,)) == expected
    assert read_frame(FRAME, 0, None) == expected
    assert read_frame(FRAME, 0, (Link(), LINK)) == expected


def test_what_a_power_cut_leaves_looks_torn() -> None:
    for size in range(len(FRAME)):
        assert fault_of(FRAME[:size]).like_torn, size
    for kept in range(0, len(FRAME), UNIT_BYTES):
        for zeros in (1, 31, len(FRAME) - kept):
            assert fault_of(FRAME[:kept] + bytes(zeros)).like_torn, (kept, zeros)


def test_no_changed_bit_looks_torn() -> None:
    for bit in range(8 * len(FRAME)):
        changed = bytearray(FRAME)
        changed[bit // 8] ^= 1 << bit % 8
        assert not fault_of(bytes(changed)).like_torn, bit


def test_nothing_torn_has_anything_after_it() -> None:
    zeroed = FRAME[:64] + bytes(len(FRAME) - 64)
    assert fault_of(zeroed).like_torn
    assert not fault_of(zeroed + FRAME).like_torn
    assert not fault_of(bytes(len(FRAME)) + FRAME).like_torn


def test_garbage_at_the_end_is_not_a_torn_head() -> None:
    assert not fault_of(b"garbage").like_torn
    assert not fault_of(encode_frame((), Kind.FOLLOWS, Link(5, 99))[0][:20]).like_torn


def test_a_frame_of_elsewhere_is_refused() -> None:
    fault = fault_of(FRAME, link=Link(9, 1))
    assert "its first record is number 4, here belongs number 9" in fault.reason
    assert not fault.like_torn


def test_another_version_is_named() -> None:
    other = b"PLF2" + FRAME[4:28]
    assert "another version" in fault_of(other + crc32c(other).to_bytes(4, "little") + FRAME[32:]).reason
    strange = msgspec.msgpack.encode([["zz", 1]])
    body = strange + bytes(-(len(strange) + 1) % 32) + b"\xa5"
    head = FRAME[:20] + len(strange).to_bytes(4, "little") + crc32c(body).to_bytes(4, "little")
    content = head + crc32c(head).to_bytes(4, "little") + body
    assert "records that this version cannot read" in fault_of(content).reason
