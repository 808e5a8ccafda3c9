"""Make an image for Docker, where there is no registry to pull one from.

Without --root it has a static busybox (sh, sleep, httpd, nc, …) and some 2 MB; with it, a folder of yours.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import re
import socket
import tarfile
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeAlias, cast

from actors.cli import busybox
from actors.cli.parser import CommandError, UsageError, typed

_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_NAME = re.compile(
    rf"(?P<name>(?:[A-Za-z0-9.-]+(?::\d+)?/)?{_PART}(?:/{_PART})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?"
)
_LONGEST_NAME = 255
_TIMEOUT_SECONDS = 120.0
_CHUNK_BYTES = 2**18
#: What runs in a busybox unless another command is given.
_SHELL = 'CMD ["sh"]'

#: Writes the image's files as a tar.
Write: TypeAlias = Callable[[IO[bytes]], None]


def image_name(text: str) -> tuple[str, str]:
    """Name and tag of an image; raises ValueError."""
    found = _NAME.fullmatch(text)
    if found is None or len(found["name"]) > _LONGEST_NAME:
        raise ValueError(
            f"{text[:80]!r} is no image's name: must be small letters and digits, with '.', '_', '-' or '/' "
            "between them"
        )
    return found["name"], found["tag"] or "latest"


def configure(parser: argparse.ArgumentParser) -> None:
    """Take the image's name, what it is made of, and where it goes."""
    parser.add_argument("name", metavar="NAME[:TAG]", type=typed(image_name), help="what to call it")
    parser.add_argument("--root", metavar="DIR", type=Path, help="the folder that becomes its root")
    parser.add_argument("--busybox", metavar="PATH", type=Path, help="the busybox to use; must be static")
    parser.add_argument(
        "--docker_socket",
        metavar="PATH",
        default="/var/run/docker.sock",
        help="where dockerd listens (default: %(default)s)",
    )
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="write the root as a tar, for `docker import`, instead"
    )


def run(arguments: argparse.Namespace) -> int:
    """Make it; tells its id, or the file's name."""
    if arguments.root is not None and arguments.busybox is not None:
        raise UsageError("give --root or --busybox, not both")
    name, tag = arguments.name
    write, change = _content(arguments.root, arguments.busybox)
    if arguments.output is not None:
        with arguments.output.open("wb") as file:
            write(file)
        print(f"wrote {arguments.output}; to have the image: docker import {arguments.output} {name}:{tag}")
        return 0
    image_id = load(arguments.docker_socket.removeprefix("unix://"), name, tag, write, change)
    print(f"made {name}:{tag}, {image_id}")
    return 0


def _content(root: Path | None, path: Path | None) -> tuple[Write, str]:
    """What writes the root, and how the image is changed."""
    if root is None:
        found = busybox.find(path)
        return lambda to: busybox.write(found, to), _SHELL
    if not root.is_dir():
        raise CommandError(f"--root={root}: is no folder")
    return lambda to: _write_folder(root, to), ""


def _write_folder(root: Path, to: IO[bytes]) -> None:
    with tarfile.open(fileobj=to, mode="w|") as archive:
        archive.add(root, arcname=".")


def load(path: str, name: str, tag: str, write: Write, change: str = "") -> str:
    """Have dockerd make the image; returns its id, or raises CommandError."""
    asked = {"fromSrc": "-", "repo": name, "tag": tag} | ({"changes": change} if change else {})
    connection = http.client.HTTPConnection("docker", timeout=_TIMEOUT_SECONDS)
    try:
        connection.sock = _connect(path)
        connection.putrequest("POST", f"/images/create?{urllib.parse.urlencode(asked)}")
        connection.putheader("Content-Type", "application/x-tar")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        # It may refuse, and say why, before it has everything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            with io.BufferedWriter(_Chunks(connection), _CHUNK_BYTES) as chunks:
                write(cast("IO[bytes]", chunks))
            connection.send(b"0\r\n\r\n")
        answer = connection.getresponse()
        return _judge(answer.status, answer.read())
    except TimeoutError:
        raise CommandError(f"dockerd at {path} did not answer within {_TIMEOUT_SECONDS:g} s") from None
    except (http.client.HTTPException, ConnectionError) as error:
        raise CommandError(f"dockerd at {path} broke off: {error}") from None
    finally:
        connection.close()


class _Chunks(io.RawIOBase):
    """A body whose length is not known before its end."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(cast("bytes", data))
        if piece:
            self._connection.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        return len(piece)


def _connect(path: str) -> socket.socket:
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(_TIMEOUT_SECONDS)
    try:
        one.connect(path)
    except OSError as error:
        one.close()
        reason = error.strerror or error
        raise CommandError(
            f"dockerd does not listen at {path} ({reason}); --docker_socket tells where"
        ) from None
    return one


def _judge(status: int, body: bytes) -> str:
    """The id that dockerd tells, in the last of its lines of JSON."""
    try:
        last = json.loads(body.strip().split(b"\n")[-1])
        error = last.get("error") or last.get("message")
        told = last.get("status", "")
    except (ValueError, AttributeError):
        raise CommandError(f"dockerd answered what cannot be understood: {body[:200]!r}") from None
    if status != 200 or error or not told.startswith("sha256:"):
        raise CommandError(f"dockerd refused: {error or told or f'status {status}'}")
    return str(told)
