"""`pion image`: what it sends to dockerd, here one that a test plays, and how it tells what is wrong."""

from __future__ import annotations

import contextlib
import io
import socketserver
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from actors.cli.image import image_name
from actors.cli.pion import main

ID = "sha256:" + "ab" * 32
MADE = f'{{"status":"{ID}"}}\r\n'.encode()


class Docker:
    """Answers one kind of request; `heard` is what was asked, and the body that came with it."""

    def __init__(self, status: int, answer: bytes, *, reads: bool) -> None:
        self.status = status
        self.answer = answer
        self.reads = reads
        self.heard: list[tuple[str, dict[str, list[str]], bytes]] = []


class Listener(socketserver.UnixStreamServer):
    """Not threaded: a request at a time."""

    docker: Docker

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is expected here."""


class Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        docker, url = self.server.docker, urlsplit(self.path)
        docker.heard.append((url.path, parse_qs(url.query), self._body() if docker.reads else b""))
        self.send_response(docker.status)
        self.send_header("Content-Length", str(len(docker.answer)))
        self.end_headers()
        self.wfile.write(docker.answer)

    def _body(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def address_string(self) -> str:
        return "socket"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name above
        pass


@contextlib.contextmanager
def playing(path: Path, docker: Docker) -> Iterator[None]:
    with Listener(str(path), Handler) as server:
        server.docker = docker
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., tuple[int, Docker]]:
    """Run `pion image` against a dockerd that answers so; returns its status, and that dockerd."""

    def run(*words: str, status: int = 200, answer: bytes = MADE, reads: bool = True) -> tuple[int, Docker]:
        docker, path = Docker(status, answer, reads=reads), tmp_path / "docker.sock"
        with playing(path, docker):
            return main(("image", *words, f"--docker_socket={path}")), docker

    return run


Make = Callable[..., tuple[int, Docker]]


def test_a_busybox_becomes_an_image_that_runs_a_shell(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    status, docker = make("tiny")
    assert status == 0
    ((path, asked, body),) = docker.heard
    assert path == "/images/create"
    assert asked == {"fromSrc": ["-"], "repo": ["tiny"], "tag": ["latest"], "changes": ['CMD ["sh"]']}
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert "bin/sh" in archive.getnames()
    assert capsys.readouterr().out == f"made tiny:latest, {ID}\n"


def test_a_folder_becomes_an_image(make: Make, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    # More than fits into one chunk.
    (root / "bin/program").write_bytes(b"x" * 1_000_000)
    (root / "bin/sh").symlink_to("program")
    status, docker = make("registry.local:5000/own/root:2.0", f"--root={root}")
    assert status == 0
    ((_, asked, body),) = docker.heard
    assert asked == {"fromSrc": ["-"], "repo": ["registry.local:5000/own/root"], "tag": ["2.0"]}
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert sorted(archive.getnames()) == [".", "./bin", "./bin/program", "./bin/sh"]
        assert archive.getmember("./bin/program").size == 1_000_000
        assert archive.getmember("./bin/sh").linkname == "program"


def test_the_root_can_be_written_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "root.tar"
    assert main(("image", "tiny:1", f"--output={path}", f"--docker_socket={tmp_path}/none")) == 0
    with tarfile.open(path) as archive:
        assert "bin/busybox" in archive.getnames()
    assert f"docker import {path} tiny:1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (500, b'{"message":"no space left on device"}\n', "dockerd refused: no space left on device"),
        (200, b'{"status":"working"}\r\n{"error":"bad tar"}\r\n', "dockerd refused: bad tar"),
        (200, b'{"status":"half way"}', "dockerd refused: half way"),
        (200, b"<html>", "dockerd answered what cannot be understood: b'<html>'"),
        (200, b"", "dockerd answered what cannot be understood: b''"),
    ],
)
def test_what_dockerd_says_is_told(
    status: int, answer: bytes, message: str, make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make("tiny", status=status, answer=answer)[0] == 1
    assert message in capsys.readouterr().err


def test_a_refusal_before_all_was_sent_is_told(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = make("tiny", status=400, answer=b'{"message":"not today"}', reads=False)
    assert status == 1
    error = capsys.readouterr().err
    assert "not today" in error or "broke off" in error


def test_a_dockerd_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("image", "tiny", f"--docker_socket={tmp_path}/none")) == 1
    assert f"dockerd does not listen at {tmp_path}/none (No such file" in capsys.readouterr().err


def test_a_root_that_is_no_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("image", "tiny", f"--root={tmp_path}/none")) == 1
    assert f"--root={tmp_path}/none: is no folder" in capsys.readouterr().err


def test_a_root_and_a_busybox_do_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("image", "tiny", "--root=/", "--busybox=/bin/busybox")) == 2
    assert "not both" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["", "Tiny", "a b", "--help", "tiny:", "tiny:a b", "a//b", "$(id)", "a" * 300, "tiny@sha256:00"]
)
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no image's name"):
        image_name(name)
