from __future__ import annotations

import pytest

from actors.master.allocator.pattern_syntax import Alternatives, Chars, Repetition, Series, parse


def test_an_expression_becomes_a_tree() -> None:
    a, b = Chars(((97, 97),)), Chars(((98, 98),))

    assert parse("a|b+") == Alternatives((a, Repetition(b, 1, None)))
    assert parse("ab") == Series((a, b))
    assert parse("a{2,3}") == Repetition(a, 2, 3)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a**", "a repetition cannot be repeated"),
        ("*a", "\\* has nothing to repeat"),
        ("(a", "a \\) is missing"),
        ("a)", "there is a \\) too many"),
        ("[a", "it ends too early"),
        ("[z-a]", "a range must go from"),
        ("[a-\\d]", "a range must go from"),
        ("[[:nothing:]]", "there is no class"),
        ("a{2,1}", "must be in order and at most 1000"),
        ("a{1001}", "must be in order and at most 1000"),
        ("\\pL", "\\\\p is not known"),
        ("\\1", "\\\\1 is not known"),
        ("\\x{110000}", "is no character"),
        ("\\xG", "hexadecimal digits"),
        ("(?m)a", "flags other than i and s"),
        ("(?=a)", "flags other than i and s"),
        ("(?P<1>a)", "a group's name must be a word"),
        ("(" * 51 + ")" * 51, "nested more than 50 deep"),
        ("\\", "it ends too early"),
    ],
)
def test_the_rule_that_is_broken_is_named(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse(text)
