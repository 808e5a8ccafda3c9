"""The rules for names of roles and ids."""

from __future__ import annotations

import pytest

from transport.records.names import id_error, is_strict_subrole, role_error, role_path


@pytest.mark.parametrize("role", ["*", "web", "a/b/c", "a-b", "a.b", "...", "ü"])
def test_a_proper_role_breaks_no_rule(role: str) -> None:
    assert role_error(role) is None


@pytest.mark.parametrize(
    ("role", "rule"),
    [
        ("", "empty"),
        ("/a", "slash"),
        ("a/", "slash"),
        ("a//b", "slash"),
        (".", "component"),
        ("a/..", "component"),
        ("a/*", "component"),
        ("-a", "dash"),
        ("a/-b", "dash"),
        ("a b", "blanks"),
        ("a\tb", "blanks"),
        ("a\x08", "backspaces"),
        ("ü" * 513, "1024 bytes"),
    ],
)
def test_a_role_that_breaks_a_rule_is_told_which(role: str, rule: str) -> None:
    assert rule in (role_error(role) or "")


@pytest.mark.parametrize("identifier", ["t", "a.b:c@d", "x" * 255, "ü b"])
def test_a_proper_id_breaks_no_rule(identifier: str) -> None:
    assert id_error(identifier) is None


@pytest.mark.parametrize(
    ("identifier", "rule"),
    [
        ("", "empty"),
        ("x" * 256, "255"),
        ("ü" * 128, "255"),
        (".", "'.'"),
        ("..", "'..'"),
        ("a/b", "slashes"),
        ("a\\b", "slashes"),
        ("a\nb", "control"),
        ("a\x7f", "control"),
    ],
)
def test_an_id_that_breaks_a_rule_is_told_which(identifier: str, rule: str) -> None:
    assert rule in (id_error(identifier) or "")


def test_a_subrole_lies_below_a_slash() -> None:
    assert is_strict_subrole("a/b", "a")
    assert is_strict_subrole("a/b/c", "a")
    assert not is_strict_subrole("a", "a")
    assert not is_strict_subrole("ab", "a")
    assert not is_strict_subrole("a", "a/b")


def test_the_path_of_a_role_begins_at_the_top() -> None:
    assert list(role_path("a/b/c")) == ["a", "a/b", "a/b/c"]
    assert list(role_path("*")) == ["*"]
