"""What calls may be, and what their answers are (mesos-protocol.md §1.4, §4.3)."""

from __future__ import annotations

import pytest

from transport.http.exchange import HttpError
from transport.http.media_type import Encoding, MediaType
from transport.http.negotiation import accepts, form_of_answer, form_of_call

J, P, R = "application/json", "application/x-protobuf", "application/recordio"
JSON, PROTOBUF = MediaType(Encoding.JSON), MediaType(Encoding.PROTOBUF)


@pytest.mark.parametrize(
    ("headers", "streams", "expected"),
    [
        ({"content-type": J}, False, JSON),
        ({"content-type": P}, False, PROTOBUF),
        ({"content-type": J, "message-content-type": P}, False, JSON),
        ({"content-type": P}, True, PROTOBUF),
        ({"content-type": R, "message-content-type": J}, True, MediaType(Encoding.JSON, is_stream=True)),
        ({"content-type": R, "message-content-type": P}, True, MediaType(Encoding.PROTOBUF, is_stream=True)),
    ],
)
def test_a_call_is_what_it_is_declared_to_be(
    headers: dict[str, str], streams: bool, expected: MediaType
) -> None:
    assert form_of_call(headers, streams=streams) == expected


@pytest.mark.parametrize(
    ("headers", "streams", "status", "text"),
    [
        ({}, False, 400, "Content-Type: must be given"),
        ({"content-type": "text/plain"}, False, 415, f"Content-Type: must be {J} or {P}"),
        ({"content-type": ""}, False, 415, f"Content-Type: must be {J} or {P}"),
        ({"content-type": "Application/JSON"}, False, 415, f"Content-Type: must be {J} or {P}"),
        ({"content-type": f"{J}; charset=utf-8"}, False, 415, f"Content-Type: must be {J} or {P}"),
        ({"content-type": R, "message-content-type": J}, False, 415, f"Content-Type: must be {J} or {P}"),
        ({"content-type": "text/plain"}, True, 415, f"Content-Type: must be {J} or {P} or {R}"),
        ({"content-type": R}, True, 400, f"Message-Content-Type: must be given if Content-Type is {R}"),
        (
            {"content-type": R, "message-content-type": R},
            True,
            415,
            f"Message-Content-Type: must be {J} or {P}",
        ),
        (
            {"content-type": J, "message-content-type": J},
            True,
            415,
            f"Message-Content-Type: must only be given if Content-Type is {R}",
        ),
    ],
)
def test_other_calls_are_refused(headers: dict[str, str], streams: bool, status: int, text: str) -> None:
    with pytest.raises(HttpError) as error:
        form_of_call(headers, streams=streams)
    assert (error.value.response.status, str(error.value)) == (status, text)


@pytest.mark.parametrize(
    ("headers", "streams", "expected"),
    [
        ({}, False, JSON),
        ({"accept": "*/*"}, False, JSON),
        ({"accept": "application/*"}, False, JSON),
        ({"accept": f"{P}, {J};q=0.1"}, False, JSON),
        ({"accept": P}, False, PROTOBUF),
        ({"accept": f"text/html, {P} ; q=0.5"}, False, PROTOBUF),
        ({"accept": f"{J};q=0, */*"}, False, PROTOBUF),
        ({"accept": P, "message-accept": J}, False, PROTOBUF),
        ({}, True, JSON),
        ({"accept": f"{R}, {P}"}, True, PROTOBUF),
        ({"accept": R}, True, MediaType(Encoding.JSON, is_stream=True)),
        ({"accept": R, "message-accept": "*/*"}, True, MediaType(Encoding.JSON, is_stream=True)),
        ({"accept": R, "message-accept": P}, True, MediaType(Encoding.PROTOBUF, is_stream=True)),
    ],
)
def test_an_answer_is_what_the_client_takes_and_json_if_that_is_allowed(
    headers: dict[str, str], streams: bool, expected: MediaType
) -> None:
    assert form_of_answer(headers, streams=streams) == expected


@pytest.mark.parametrize(
    ("headers", "streams", "text"),
    [
        ({"accept": "text/html"}, False, f"Accept: must allow {J} or {P}"),
        ({"accept": ""}, False, f"Accept: must allow {J} or {P}"),
        ({"accept": R}, False, f"Accept: must allow {J} or {P}"),
        ({"accept": "application/*;q=0, */*"}, False, f"Accept: must allow {J} or {P}"),
        ({"accept": "text/html"}, True, f"Accept: must allow {J} or {P} or {R}"),
        ({"accept": R, "message-accept": R}, True, f"Message-Accept: must allow {J} or {P}"),
        ({"accept": J, "message-accept": J}, True, f"Message-Accept: must only be given if Accept is {R}"),
    ],
)
def test_a_client_that_takes_nothing_of_ours_is_told(
    headers: dict[str, str], streams: bool, text: str
) -> None:
    with pytest.raises(HttpError) as error:
        form_of_answer(headers, streams=streams)
    assert (error.value.response.status, str(error.value)) == (406, text)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, True),
        (J, True),
        (J.upper(), True),
        (f" text/html ,{J} ", True),
        (f"{J};charset=utf-8;q=0.3", True),
        ("application/*", True),
        (f"*/*;q=0, {J}", True),
        (f"{J}; Q=0", False),
        (f"{J};q=much", False),
        ("json", False),
        ("*", False),
        (";,;q=", False),
    ],
)
def test_a_range_of_media_types_is_read_as_http_says(header: str | None, expected: bool) -> None:
    assert accepts(header, J) is expected
