"""Both encodings of a record, and how a body is declared."""

from __future__ import annotations

import pytest

from transport.http.media_type import Encoding, MediaType
from transport.records.ids import AgentID
from transport.records.scheduler_call import Call


@pytest.mark.parametrize(
    ("encoding", "written"),
    [(Encoding.JSON, b'{"value":"S0"}'), (Encoding.PROTOBUF, b"\x0a\x02S0")],
)
def test_a_record_is_written_and_read_in_either_encoding(encoding: Encoding, written: bytes) -> None:
    assert encoding.encode(AgentID(value="S0")) == written
    assert encoding.decode(written, AgentID) == AgentID(value="S0")


@pytest.mark.parametrize(
    ("encoding", "bad"),
    [(Encoding.JSON, b'{"kill":{"task_id":{}}}'), (Encoding.PROTOBUF, b"\x32\x02\x0a\x00")],
)
def test_both_name_a_fault_in_the_same_words(encoding: Encoding, bad: bytes) -> None:
    with pytest.raises(ValueError, match=r"^Object missing required field `value` - at `\$\.kill\.task_id`$"):
        encoding.decode(bad, Call)


def test_a_body_is_declared_by_its_encoding_unless_it_is_a_declared_stream() -> None:
    plain, stream = MediaType(Encoding.JSON), MediaType(Encoding.PROTOBUF, is_stream=True)
    assert (plain.content_type, plain.headers) == ("application/json", {})
    assert stream.content_type == "application/recordio"
    assert stream.headers == {"Message-Content-Type": "application/x-protobuf"}
