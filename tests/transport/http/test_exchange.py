from __future__ import annotations

import pytest

from transport.http.exchange import HttpError, Request, say, show, unavailable


def asked(**query: str) -> Request:
    return Request(method="GET", target="/", query=query)


def test_a_value_is_shown_as_json_or_handed_to_a_function() -> None:
    plain = show(asked(), {"a": [1, "ä"]})
    assert (plain.status, plain.body, plain.content_type) == (
        200,
        '{"a":[1,"ä"]}'.encode(),
        "application/json",
    )
    script = show(asked(jsonp="angular.callbacks._0"), {"a": 1})
    assert (script.body, script.content_type) == (b'angular.callbacks._0({"a":1});', "text/javascript")


@pytest.mark.parametrize("callback", ["", "<script>", "a;b", "a(", "1a", "a" * 200, "a\u0142"])
def test_a_callback_that_is_no_name_is_refused(callback: str) -> None:
    with pytest.raises(HttpError, match="jsonp: must be the name of a function") as refused:
        show(asked(jsonp=callback), 1)
    assert refused.value.response.status == 400


def test_what_is_unavailable_says_when_to_try_again() -> None:
    response = unavailable("No leader elected", 5)
    assert (response.status, response.body, response.headers) == (
        503,
        b"No leader elected\n",
        {"Retry-After": "5"},
    )
    assert say(404, "gone").headers == {}
