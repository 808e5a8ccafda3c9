"""Journals of many containers."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from queue import SimpleQueue

import pytest

from containerizers.docker import inotify
from containerizers.docker.ledger import Record
from containerizers.docker.logs import Logs
from containerizers.docker.settings import DockerSettings
from containerizers.docker.transcript import Transcript, Writing
from tests.containerizers.docker.harbour import descriptors, eventually


def transcript(folder: Path) -> Transcript:
    folder.mkdir()
    (folder / "journal").mkdir()
    (folder / "journal/log").touch()
    writing = Writing(
        folder / "position", Record(directory=str(folder), stdout=str(folder / "stdout")), DockerSettings()
    )
    return writing.read_from(str(folder / "journal/log"), lambda _point: None)


def say(folder: Path, text: str) -> None:
    with (folder / "journal/log").open("ab") as file:
        file.write(json.dumps({"log": text, "stream": "stdout"}).encode() + b"\n")


def test_what_each_says_is_moved_as_it_comes(tmp_path: Path) -> None:
    before = descriptors()
    logs = Logs(lambda _reason: None)
    folders = [tmp_path / str(number) for number in range(20)]
    for folder in folders:
        logs.follow(folder.name, transcript(folder))
    for number in range(3):
        for folder in folders:
            say(folder, f"{folder.name}.{number}\n")
    for folder in folders:
        said = "".join(f"{folder.name}.{number}\n" for number in range(3))
        eventually(lambda folder=folder, said=said: (folder / "stdout").read_text() == said)  # type: ignore[misc]
    logs.close()
    assert descriptors() == before


def test_the_rest_is_moved_before_the_end_is_told(tmp_path: Path) -> None:
    told: SimpleQueue[str] = SimpleQueue()
    logs = Logs(told.put)
    folder = tmp_path / "a"
    one = transcript(folder)
    for number in range(200):
        say(folder, f"{number}\n")
    logs.follow("a", one)
    logs.finish("a", lambda: told.put((folder / "stdout").read_text()))
    assert told.get(timeout=60) == "".join(f"{number}\n" for number in range(200))
    logs.finish("unknown", lambda: told.put("at once"))
    assert told.get(timeout=60) == "at once"
    logs.close()


def test_where_the_kernel_tells_nothing_it_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: inotify.Inotify, _folder: str) -> int:
        raise OSError(errno.ENOSPC, "no more watches")

    monkeypatch.setattr(inotify.Inotify, "add", refuse)
    logs = Logs(lambda _reason: None)
    logs.follow("a", transcript(tmp_path / "a"))
    eventually((tmp_path / "a/stdout").exists)
    say(tmp_path / "a", "text\n")
    eventually(lambda: (tmp_path / "a/stdout").read_text() == "text\n")
    logs.close()
