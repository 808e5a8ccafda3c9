"""Make the secret that nodes share: with it they encrypt what they say and know each other.

Copy the file to every machine, readable by nobody else, and start nodes with --secret_file.
"""

from __future__ import annotations

import argparse
import os
import secrets
from pathlib import Path

from transport.secret import encode_key


def configure(parser: argparse.ArgumentParser) -> None:
    """Take where it goes."""
    parser.add_argument(
        "--output", metavar="PATH", type=Path, help="the file to write; it must not exist yet"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write a new secret into a file that only its owner reads, or print it."""
    text = f"secret {encode_key(secrets.token_bytes(32))}\n"
    if arguments.output is None:
        print(text, end="")
        return 0
    file = os.open(
        arguments.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(text)
    print(f"wrote {arguments.output}")
    return 0
