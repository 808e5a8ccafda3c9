"""The secret file of a node: its own key, and the keys of those that may connect to it.

    # comment
    secret <z85>           this node's key
    server <z85>           public key of the nodes that it dials; by default its own, for a cluster that
                           shares one key
    allow  <z85> [name]    public key of one more node that may connect

Keys are the 40 characters of Z85 (ZeroMQ RFC 32) that stand for 32 bytes.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_DIGITS = {character: digit for digit, character in enumerate(_Z85)}
_KEY_CHARACTERS = 40


class SecretError(ValueError):
    """A secret file that cannot be used, and the rule that it breaks."""


class Secret(msgspec.Struct, frozen=True):
    """The keys of a node as Z85 text; `allow` maps public keys to the names of their owners."""

    secret: str
    server: str | None = None
    allow: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Secret(server={self.server!r}, allow={sorted(self.allow.values())})"


def read_secret(path: Path) -> Secret:
    """Read a secret file; raises SecretError when others may read it, or naming the line that is wrong.

    No message ever contains key material.
    """
    try:
        with path.open(encoding="utf-8") as file:
            _check_owner(path, os.fstat(file.fileno()))
            return parse_secret(file.read(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(
            f"secret file {path}: {error.strerror if isinstance(error, OSError) else error}"
        ) from error


def parse_secret(text: str, name: str = "secret file") -> Secret:
    """Read the text of a secret file; raises SecretError naming the line that is wrong."""
    secret: str | None = None
    server: str | None = None
    allow: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        where = f"{name}, line {number}"
        if len(words) < 2:
            raise SecretError(f"{where}: {words[0][:10]!r} must be followed by a key")
        keyword, key, *rest = words
        decode_key(key, where)
        if rest and (keyword != "allow" or len(rest) > 1):
            raise SecretError(f"{where}: too many words; a comment needs a line of its own")
        if keyword == "secret" and secret is None:
            secret = key
        elif keyword == "server" and server is None:
            server = key
        elif keyword == "allow":
            allow[key] = rest[0] if rest else f"line {number}"
        else:
            known = keyword in ("secret", "server")
            raise SecretError(
                f"{where}: " + ("given twice" if known else "must begin with secret, server or allow")
            )
    if secret is None:
        raise SecretError(f"{name}: has no line 'secret <key>'")
    return Secret(secret, server, allow)


def decode_key(key: str, where: str = "key") -> bytes:
    """The 32 bytes of a key; raises SecretError."""
    if len(key) != _KEY_CHARACTERS or any(character not in _DIGITS for character in key):
        raise SecretError(f"{where}: a key is {_KEY_CHARACTERS} characters of Z85")
    decoded = bytearray()
    for start in range(0, _KEY_CHARACTERS, 5):
        number = 0
        for character in key[start : start + 5]:
            number = number * 85 + _DIGITS[character]
        if number >= 2**32:
            raise SecretError(f"{where}: not a Z85 number")
        decoded += number.to_bytes(4, "big")
    return bytes(decoded)


def encode_key(key: bytes) -> str:
    """The 40 characters that stand for the 32 bytes of a key."""
    characters = []
    for start in range(0, len(key), 4):
        number = int.from_bytes(key[start : start + 4], "big")
        characters += [_Z85[number // 85**place % 85] for place in (4, 3, 2, 1, 0)]
    return "".join(characters)


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretError(f"secret file {path}: must be a regular file")
    if status.st_uid != os.geteuid():
        raise SecretError(f"secret file {path}: must belong to the user that runs this (uid {os.geteuid()})")
    if stat.S_IMODE(status.st_mode) & 0o177:
        raise SecretError(f"secret file {path}: must have mode 0600, has {stat.S_IMODE(status.st_mode):04o}")
