from __future__ import annotations

import email.utils
import time

import pytest

from transport.http.head import head, plain_head


def lines(data: bytes) -> list[str]:
    assert data.endswith(b"\r\n\r\n")
    return data.decode().removesuffix("\r\n\r\n").split("\r\n")


def test_a_head_has_a_status_a_date_and_its_headers() -> None:
    first, date, *others = lines(head(202, "text/plain", [("A", "b"), ("Location", "//host:1/ä")]))
    assert first == "HTTP/1.1 202 Accepted"
    told = email.utils.parsedate_to_datetime(date.removeprefix("Date: ")).timestamp()
    assert abs(told - time.time()) < 60
    assert {"Content-Type: text/plain", "A: b", "Location: //host:1/ä", "Server: Pion"} <= set(others)
    assert lines(head(304, "", [], 0))[0] == "HTTP/1.0 304 Not Modified"
    assert lines(head(299, "", []))[0] == "HTTP/1.1 299 "


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb"])
def test_a_header_of_several_lines_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="the end of a line"):
        head(200, "text/plain", [("A", value)])


def test_a_plain_head_says_the_same() -> None:
    for status, length in ((202, 0), (200, 17), (202, 0)):
        headers = [("Cache-Control", "no-store"), ("Content-Length", str(length))]
        ours, theirs = plain_head(status, "text/plain", length, 1), head(status, "text/plain", headers)
        assert lines(ours)[0] == lines(theirs)[0]
        assert lines(ours)[2:] == lines(theirs)[2:]
        assert lines(ours)[1].startswith("Date: ")
