from __future__ import annotations

import pytest

from transport.http.exchange import HttpError
from transport.http.target import origin_form, path_parts, query_arguments


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("/a?b", "/a?b"),
        ("//evil.example/a", "//evil.example/a"),
        ("http://evil.example:80/a?b", "/a?b"),
        ("http://evil.example", "/"),
        ("*", "/"),
    ],
)
def test_scheme_and_host_of_a_target_are_left_out(raw: str, expected: str) -> None:
    assert origin_form(raw) == expected


def test_a_path_is_split_before_it_is_decoded_and_empty_parts_are_none() -> None:
    assert path_parts("//a%2Fb//c%20d/?x=/y") == ("a/b", "c d")
    assert path_parts("/") == ()


def test_arguments_are_decoded_and_the_last_of_a_name_counts() -> None:
    assert query_arguments("/a?x=1&y=a+b%2B&x=%C3%BC&&flag") == {"x": "ü", "y": "a b+", "flag": ""}
    assert query_arguments("/a") == {}


@pytest.mark.parametrize("part", ["%", "%4", "%zz", "%00", "%0a", "%7f", "%c0%af", "%ff"])
def test_what_is_no_text_is_refused_in_path_and_query(part: str) -> None:
    for refuse in (lambda: path_parts(f"/a{part}"), lambda: query_arguments(f"/a?b={part}")):
        with pytest.raises(HttpError) as refused:
            refuse()
        assert refused.value.response.status == 400
