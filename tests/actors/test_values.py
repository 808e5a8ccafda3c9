"""Text reads as the type that an annotation names, or is refused with the rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from actors.units import Bytes, Duration
from actors.values import kind_of, write_value
from transport.pid import Address, Pid


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (bool, "true", True),
        (bool, "0", False),
        (int, "-12", -12),
        (float, "1.5", 1.5),
        (str, "", ""),
        (Path, "a/b", Path("a/b")),
        (Path, "file:///a/b", Path("/a/b")),
        (Duration, "5mins", Duration.of(300)),
        (Bytes, "32MB", Bytes(2**25)),
        (Pid, "a@h:1", Pid("a", "h", 1)),
        (Address, "[::1]:5050", Address("::1", 5050)),
        (int | None, "3", 3),
        (Pid | str, "h:1", "h:1"),
        (Pid | str | None, "h:1", "h:1"),
        (Literal["INFO", "DEBUG"], "DEBUG", "DEBUG"),
        (tuple[int, ...], "1,2,3", (1, 2, 3)),
        (tuple[Pid, ...], "a@h:1,b@h:2", (Pid("a", "h", 1), Pid("b", "h", 2))),
        (tuple[str, ...], "", ()),
    ],
)
def test_text_reads_as_the_annotated_type(annotation: Any, text: str, value: object) -> None:
    assert kind_of(annotation).parse(text) == value


@pytest.mark.parametrize(
    ("annotation", "text", "rule"),
    [
        (bool, "yes", "must be true or false"),
        (int, "1.5", "must be a whole number"),
        (int, "٣", "must be a whole number"),
        (int, "", "must be a whole number"),
        (float, "nan", "must be a number"),
        (float, "one", "must be a number"),
        (Path, "", "must name a path"),
        (Duration, "5", "must be a number and a unit"),
        (Pid, "a", "must be name@host:port"),
        (Literal["a", "b"], "c", "must be one of a, b"),
        (tuple[int, ...], "1,x", "must be a whole number"),
    ],
)
def test_text_of_another_form_is_refused_with_the_rule(annotation: Any, text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        kind_of(annotation).parse(text)


@pytest.mark.parametrize("annotation", [dict, list[int], int | Pid, tuple[int, str]])
def test_a_type_that_text_cannot_give_is_an_error_of_the_programmer(annotation: Any) -> None:
    with pytest.raises(TypeError, match="cannot be given as text"):
        kind_of(annotation)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [(bool, "true"), (Duration, "5mins"), (Address, "h:1"), (tuple[Address, ...], "h:1,h:2"), (Pid, "a@h:1")],
)
def test_a_written_value_reads_as_itself(annotation: Any, text: str) -> None:
    assert write_value(kind_of(annotation).parse(text)) == text
