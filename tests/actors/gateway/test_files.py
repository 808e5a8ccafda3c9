"""The endpoints for files, over a real server."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import threading
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from actors.gateway import files, reading
from actors.gateway.attached import Attached, AttachedPath
from actors.gateway.files import Files, file_routes
from actors.gateway.reading import OpenFile
from tests.actors.gateway.browser import DEADLINE_SECONDS, Answer, fetch
from tests.actors.gateway.fronts import served
from transport.http.exchange import Request, Transfer
from transport.pid import Address


class Shelf:
    """A folder that is served as /box."""

    def __init__(self, folder: Path, address: Address) -> None:
        self.folder = folder
        self.address = address

    def get(self, endpoint: str, method: str = "GET", **query: str) -> Answer:
        return fetch(self.address, f"/files/{endpoint}?{urllib.parse.urlencode(query)}", method)


@contextlib.contextmanager
def shelf(folder: Path) -> Iterator[Shelf]:
    with served(file_routes(Files([AttachedPath("/box", folder)]))) as address:
        yield Shelf(folder, address)


def test_a_folder_is_browsed_with_the_keys_of_mesos(tmp_path: Path) -> None:
    with shelf(tmp_path) as one:
        (tmp_path / "stdout").write_text("hello")
        (tmp_path / "stdout").chmod(0o640)
        os.utime(tmp_path / "stdout", (0, 1_500_000_000.5))
        assert one.get("browse.json", path="/box").json == [
            {
                "gid": (tmp_path / "stdout").group(),
                "mode": "-rw-r-----",
                "mtime": 1_500_000_000.0,
                "nlink": 1,
                "path": "/box/stdout",
                "size": 5,
                "uid": (tmp_path / "stdout").owner(),
            }
        ]
        assert one.get("browse", path="/box/stdout").json == []
        assert one.get("browse", path="/box", jsonp="f").text.startswith('f([{"gid"')


def test_a_file_is_read_by_offset_and_length_and_its_size_asked_for(tmp_path: Path) -> None:
    with shelf(tmp_path) as one:
        (tmp_path / "stdout").write_text("hello world")
        path = "/box/stdout"
        assert one.get("read", path=path).json == {"data": "", "offset": 11}
        assert one.get("read", path=path, offset="-1", length="3").json == {"data": "", "offset": 11}
        assert one.get("read", path=path, offset="6").json == {"data": "world", "offset": 6}
        assert one.get("read", path=path, offset="0", length="5").json == {"data": "hello", "offset": 0}
        assert one.get("read", path=path, offset="0", length="-1").json == {
            "data": "hello world",
            "offset": 0,
        }
        assert one.get("read", path=path, offset="99").json == {"data": "", "offset": 99}


def test_a_character_is_not_cut_in_two_and_what_is_no_text_is_replaced(tmp_path: Path) -> None:
    with shelf(tmp_path) as one:
        (tmp_path / "text").write_text("aäb€c")
        (tmp_path / "binary").write_bytes(b"a\xff\x00b\xe2")
        read, offset = "", 0
        while offset < (tmp_path / "text").stat().st_size:
            portion = one.get("read", path="/box/text", offset=str(offset), length="3").json
            assert isinstance(portion, dict)
            read += portion["data"]
            offset += len(portion["data"].encode())
        assert read == "aäb€c"
        binary = {"data": "a\ufffd\0b", "offset": 0}
        assert one.get("read", path="/box/binary", offset="0").json == binary
        assert one.get("read", path="/box/binary", offset="4").json == {"data": "\ufffd", "offset": 4}


def test_a_file_is_downloaded_as_it_is(tmp_path: Path) -> None:
    with shelf(tmp_path) as one:
        content = os.urandom(1_000_000)
        (tmp_path / "data.bin").write_bytes(content)
        (tmp_path / 'ä" x').write_bytes(b"")
        answer = one.get("download", path="/box/data.bin")
        assert answer.body == content
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == 'attachment; filename="data.bin"'
        assert answer.headers["content-length"] == "1000000"
        empty = one.get("download", path='/box/ä" x')
        assert empty.body == b""
        assert empty.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A4%22%20x"
        head = one.get("download", "HEAD", path="/box/data.bin")
        assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "1000000")


def test_a_huge_file_is_sent_no_faster_than_its_reader_takes_it(tmp_path: Path) -> None:
    size = 1 << 40
    with shelf(tmp_path) as one:
        with (tmp_path / "huge").open("wb") as file:
            file.truncate(size)
        connection = http.client.HTTPConnection(*one.address, timeout=DEADLINE_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", "/files/download?path=/box/huge")
            response = connection.getresponse()
            assert response.length == size
            assert response.read(1_000_000) == bytes(1_000_000)
        assert one.get("read", path="/box/huge", offset="0", length="2").json == {"data": "\0\0", "offset": 0}


def test_a_file_that_nobody_waits_for_any_more_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    is_asked, may_open = threading.Event(), threading.Event()
    opened: list[OpenFile] = []

    def open_slowly(attached: Sequence[Attached], path: str) -> OpenFile:
        is_asked.set()
        assert may_open.wait(DEADLINE_SECONDS)
        opened.append(reading.open_file(attached, path))
        return opened[0]

    monkeypatch.setattr(files, "open_file", open_slowly)

    async def give_up() -> None:
        opening = asyncio.create_task(Files([AttachedPath("/box", tmp_path)]).open("/box/file"))
        await asyncio.to_thread(is_asked.wait, DEADLINE_SECONDS)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        may_open.set()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not opened or Path(f"/proc/self/fd/{opened[0].descriptor}").exists():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)

    asyncio.run(give_up())


def test_a_download_given_up_while_the_disk_is_slow_closes_its_file_after_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, into = os.pipe()  # is read no faster than the test wants
    reads, really_read = threading.Event(), os.read

    def read(descriptor: int, length: int) -> bytes:
        reads.set()
        return really_read(descriptor, length)

    monkeypatch.setattr(files, "open_file", lambda _attached, name: OpenFile(name, out, 9))
    monkeypatch.setattr(os, "read", read)
    (download,) = (route.handler for route in file_routes(Files([])) if route.path == "/files/download")

    async def give_up() -> None:
        transfer = await download(Request(method="GET", target="", query={"path": "/box/slow"}))
        assert isinstance(transfer, Transfer)
        reading = asyncio.create_task(transfer.source.read())
        assert await asyncio.to_thread(reads.wait, DEADLINE_SECONDS)
        reading.cancel()
        transfer.source.close()
        os.fstat(out)  # else another file would have the number that is being read
        os.write(into, b"at last")
        deadline = time.monotonic() + DEADLINE_SECONDS
        while _is_open(out):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)

    asyncio.run(give_up())
    os.close(into)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_what_is_attached_is_told(tmp_path: Path) -> None:
    with shelf(tmp_path) as one:
        assert one.get("debug").json == {"/box": str(tmp_path)}


@pytest.mark.parametrize("endpoint", ["browse", "read", "download"])
def test_bad_paths_are_refused_with_their_reason(tmp_path: Path, endpoint: str) -> None:
    with shelf(tmp_path) as one:
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "out").symlink_to("/etc")
        expected = {
            "": (400, "path: must be given\n"),
            "/box/none": (404, "path: no such file or folder\n"),
            "/none": (404, "path: nothing is attached there\n"),
            "/box/../etc": (400, "path: must not hold '..'\n"),
            "/box/out": (400, "path: leads out of what is attached\n"),
            "/box/" + "x" * 300: (400, "path: File name too long\n"),
        }
        if endpoint != "browse":
            expected["/box"] = (400, "path: is a folder\n")
            expected["/box/pipe"] = (400, "path: is neither a file nor a folder\n")
        for path, (status, text) in expected.items():
            answer = one.get(endpoint, path=path, offset="0")
            assert (answer.status, answer.text) == (status, text), path


@pytest.mark.parametrize("offset", ["x", "-2", "1.5", "9" * 19, "9" * 30, "", "٣"])
def test_an_offset_that_is_none_is_refused(tmp_path: Path, offset: str) -> None:
    with shelf(tmp_path) as one:
        (tmp_path / "file").touch()
        for name in ("offset", "length"):
            answer = one.get("read", path="/box/file", **{name: offset})
            assert (answer.status, answer.text) == (400, f"{name}: must be a number of bytes, or -1\n")
