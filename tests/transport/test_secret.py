"""The secret file of a node."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import zmq
from zmq.utils import z85

from transport.secret import Secret, SecretError, decode_key, parse_secret, read_secret

PUBLIC, PRIVATE = (key.decode() for key in zmq.curve_keypair())
OTHER = zmq.curve_keypair()[0].decode()


def test_all_lines_are_read() -> None:
    text = f"# ours\n\nsecret {PRIVATE}\n  server\t{PUBLIC}\nallow {OTHER} backup\nallow {PUBLIC}\n"
    assert parse_secret(text) == Secret(PRIVATE, PUBLIC, {OTHER: "backup", PUBLIC: "line 6"})


def test_the_key_alone_is_enough() -> None:
    assert parse_secret(f"secret {PRIVATE}") == Secret(PRIVATE, None, {})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "has no line 'secret <key>'"),
        (f"allow {OTHER}", "has no line 'secret <key>'"),
        ("secret", "line 1: 'secret' must be followed by a key"),
        ("secret short", "line 1: a key is 40 characters of Z85"),
        ("secret " + '"' * 40, "line 1: a key is 40 characters of Z85"),
        ("secret " + "#" * 40, "line 1: not a Z85 number"),
        (f"secret {PRIVATE}\nsecret {PRIVATE}", "line 2: given twice"),
        (f"secret {PRIVATE}\nserver {PUBLIC}\nserver {PUBLIC}", "line 3: given twice"),
        (f"key {PRIVATE}", "line 1: must begin with secret, server or allow"),
        (f"secret {PRIVATE} mine", "line 1: too many words"),
        (f"allow {PUBLIC} two names", "line 1: too many words"),
    ],
)
def test_a_wrong_line_is_named_by_number_and_rule(text: str, rule: str) -> None:
    with pytest.raises(SecretError, match=rule) as caught:
        parse_secret(text)
    assert PRIVATE not in str(caught.value)


def test_keys_are_decoded_as_zeromq_does() -> None:
    # The first of the two is the example of ZeroMQ RFC 32.
    assert decode_key("HelloWorld" * 4)[:8] == bytes.fromhex("864fd26fb559f75b")
    for key in (PUBLIC, PRIVATE, OTHER):
        assert decode_key(key) == z85.decode(key)


def test_a_secret_shows_no_key() -> None:
    assert PRIVATE not in repr(Secret(PRIVATE, PUBLIC, {OTHER: "backup"}))


def write(path: Path, mode: int) -> Path:
    path.write_text(f"secret {PRIVATE}\n")
    path.chmod(mode)
    return path


def test_a_private_file_is_read(tmp_path: Path) -> None:
    assert read_secret(write(tmp_path / "secret", 0o600)).secret == PRIVATE
    assert read_secret(write(tmp_path / "secret", 0o400)).secret == PRIVATE


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o700, 0o666])
def test_a_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SecretError, match=f"must have mode 0600, has {mode:04o}"):
        read_secret(write(tmp_path / "secret", mode))


def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "secret", 0o600)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(SecretError, match="must belong to the user"):
        read_secret(path)


def test_what_is_no_readable_text_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="No such file"):
        read_secret(tmp_path / "missing")
    with pytest.raises(SecretError, match=str(tmp_path)):
        read_secret(tmp_path)
    path = write(tmp_path / "secret", 0o600)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(SecretError, match="utf-8"):
        read_secret(path)
