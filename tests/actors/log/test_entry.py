from __future__ import annotations

import random

import msgspec
import pytest

from actors.log import entry
from actors.state.variable import Variable


@pytest.mark.parametrize("value", [b"", b"short", b"long" * 100_000])
def test_what_was_encoded_is_decoded(value: bytes) -> None:
    variable = Variable(b"v" * 16, value)
    assert entry.decode(entry.encode("registry", variable)) == ("registry", variable)


def test_long_values_are_compressed() -> None:
    assert len(entry.encode("registry", Variable(b"", bytes(1_000_000)))) < 10_000


def test_what_cannot_be_sent_is_refused_by_name_and_size() -> None:
    value = random.Random(1).randbytes(entry.MAX_CONTENT_BYTES + 1)
    with pytest.raises(entry.EntryError, match=r"variable registry: \d+ bytes, but at most"):
        entry.encode("registry", Variable(b"", value))


@pytest.mark.parametrize(
    "fields", [["DIFF", "a", b"", b""], ["SNAPSHOT", "a", b""], ["SNAPSHOT", "a", b"", b"no zlib", 9], {}]
)
def test_what_this_program_did_not_write_is_refused(fields: object) -> None:
    with pytest.raises(entry.EntryError, match="not written by this program"):
        entry.decode(msgspec.msgpack.encode(fields))
