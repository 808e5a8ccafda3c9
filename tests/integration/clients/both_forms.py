"""The v1 operator APIs in both forms: each call in JSON or protobuf, and each answer."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from tests.integration.clients.speech import DEADLINE_SECONDS, JSON, PROTOBUF, call
from transport import json_v1, protobuf
from transport.http.recordio import RecordReader, frame
from transport.pid import Address
from transport.record import Record

C = TypeVar("C", bound=Record)
R = TypeVar("R", bound=Record)

RECORDIO = "application/recordio"
_FORMS = {JSON: json_v1, PROTOBUF: protobuf}


def plain(record: Record) -> Any:
    """A record as JSON has it, with the defaults that only JSON writes."""
    return msgspec.json.decode(json_v1.encode(record))


class Forms(NamedTuple):
    """Of a call, and of its answer; media types."""

    said: str
    told: str


#: All four.
FORMS = tuple(Forms(said, told) for said in (JSON, PROTOBUF) for told in (JSON, PROTOBUF))


class Api(Generic[C, R]):
    """An operator API that is spoken in some forms."""

    def __init__(self, address: Address, call: type[C], response: type[R], forms: Forms) -> None:
        self._address = address
        self._call = call
        self._response = response
        self._forms = forms

    def ask(self, kind: str, content: object = None) -> tuple[int, Any]:
        """The status, and the answer as plain values, or the text of a refusal."""
        answer = call(
            self._address,
            self._written(kind, content),
            content_type=self._forms.said,
            accept=self._forms.told,
        )
        if answer.status != 200 or not answer.body:
            return answer.status, answer.text
        assert answer.headers["content-type"] == self._forms.told
        read = _FORMS[self._forms.told].decode(answer.body, self._response)
        return answer.status, plain(read)

    def stream(self, kind: str, content: object, event: type[Record], accept: str = "") -> Iterator[Any]:
        """What a call that is answered by a stream is told, as plain values; it ends with the iterator."""
        headers = {"Content-Type": self._forms.said, "Accept": accept or self._forms.told}
        if accept:
            headers["Message-Accept"] = self._forms.told
        connection = http.client.HTTPConnection(
            self._address.host, self._address.port, timeout=DEADLINE_SECONDS
        )
        try:
            connection.request("POST", "/api/v1", self._written(kind, content), headers)
            response = connection.getresponse()
            assert response.status == 200, response.read()
            reader = RecordReader()
            while piece := response.read1(65536):
                for record in reader.feed(piece):
                    yield plain(_FORMS[self._forms.told].decode(record, event))
            response.close()
        finally:
            connection.close()

    def send(self, kind: str, *contents: object) -> tuple[int, str]:
        """Calls of one type as one stream."""
        records = b"".join(frame(self._written(kind, content)) for content in contents)
        headers = {"Message-Content-Type": self._forms.said}
        answer = call(self._address, records, content_type=RECORDIO, accept=self._forms.told, headers=headers)
        return answer.status, answer.text

    def _written(self, kind: str, content: object) -> bytes:
        body = {"type": kind} if content is None else {"type": kind, kind.lower(): content}
        record = json_v1.decode(msgspec.json.encode(body), self._call)
        written: bytes = _FORMS[self._forms.said].encode(record)
        return written
