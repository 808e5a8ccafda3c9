from __future__ import annotations

import re
from random import Random

import pytest

from actors.master.allocator.pattern import Pattern


def matches(pattern: str, text: str) -> bool:
    return Pattern(pattern, 100).matches(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("r[12]", "r2"),
        ("rack-\\d{2,3}", "rack-042"),
        ("(?:us|eu)-(east|west)-[0-9]+", "eu-west-1"),
        ("(?P<zone>z.)*", "z1z2"),
        ("(?i)RACK", "rAcK"),
        ("(?i:R)ack", "rack"),
        ("a.b", "a!b"),
        ("(?s)a.b", "a\nb"),
        ("[^a-c]+", "xyz"),
        ("[]a]+", "]a"),
        ("[[:digit:][:upper:]]+", "A1"),
        ("\\Qa.b\\E", "a.b"),
        ("\\x41\\x{1F600}", "A\N{GRINNING FACE}"),
        ("^a$", "a"),
        ("\\bfoo\\b \\bbar", "foo bar"),
        ("a{,2}", "a{,2}"),
        ("", ""),
    ],
)
def test_it_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("r[12]", "r2x"),
        ("r[12]", "xr2"),
        ("(?i:R)ack", "rACK"),
        ("a.b", "a\nb"),
        ("foo\\b.", "foox"),
        ("a^b", "ab"),
        ("a{2}", "aaa"),
        ("\\D\\W\\S", "a1 "),
        ("[^[:alpha:]]", "a"),
    ],
)
def test_it_does_not_match(pattern: str, text: str) -> None:
    assert not matches(pattern, text)


def test_random_expressions_match_what_python_says_they_match() -> None:
    rng = Random(5)
    pieces = ["a", "b", ".", "[ab]", "[^a]", "\\d", "\\w", "[a-c0-9]", "\\b", "^", "$", "(?:)"]

    def expression(depth: int) -> str:
        kind = rng.randrange(10)
        if depth == 4 or kind < 4:
            return rng.choice(pieces)
        if kind < 6:
            return expression(depth + 1) + expression(depth + 1)
        if kind < 7:
            return f"({expression(depth + 1)}|{expression(depth + 1)})"
        return f"(?:{expression(depth + 1)}){rng.choice(('*', '+', '?', '{2}', '{1,3}', '{0,}', '*?'))}"

    for _ in range(1500):
        text = expression(0)
        pattern, expected = Pattern(text, 10_000), re.compile(text.replace("$", "\\Z"), re.ASCII)
        for _ in range(4):
            subject = "".join(rng.choice("abc1_ ") for _ in range(rng.randrange(6)))
            assert pattern.matches(subject) == bool(expected.fullmatch(subject)), (text, subject)


def test_expressions_that_stall_others_do_not_stall_it() -> None:
    """Python's own matcher would need about 2^2000 steps."""
    assert not matches("(a*)*b", "a" * 2000)
    assert not matches("(a|aa)+$b", "a" * 2000)


def test_a_program_that_is_too_long_is_refused_before_it_is_made() -> None:
    with pytest.raises(ValueError, match="its program has more than 100 instructions"):
        Pattern("((((a{1000}){1000}){1000}){1000}){1000}", 100)
