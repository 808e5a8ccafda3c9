"""Output on its way to the sandbox, with somebody dying now and then."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from containerizers.docker.ledger import Record
from containerizers.docker.settings import DockerSettings
from containerizers.docker.transcript import Transcript, Writing


class DiedError(Exception):
    """As if by SIGKILL."""


def append(journal: Path, text: str, stream: str = "stdout") -> None:
    with journal.open("ab") as file:
        file.write(json.dumps({"log": text, "stream": stream}).encode() + b"\n")


def transcript(
    folder: Path, fault: Callable[[str], None] = lambda _point: None, **settings: Any
) -> Transcript:
    record = Record(directory=str(folder), stdout=str(folder / "stdout"), stderr=str(folder / "stderr"))
    writing = Writing(folder / "position", record, DockerSettings(**settings))
    return writing.read_from(str(folder / "journal"), fault)


def move_all(one: Transcript) -> None:
    while one.move():
        pass


def test_output_goes_to_the_sandbox(tmp_path: Path) -> None:
    append(tmp_path / "journal", "a\n")
    append(tmp_path / "journal", "b\n", "stderr")
    one = transcript(tmp_path)
    assert one.folder == str(tmp_path)
    move_all(one)
    one.close()
    assert (tmp_path / "stdout").read_text() == "a\n"
    assert (tmp_path / "stderr").read_text() == "b\n"


def test_who_dies_anywhere_any_number_of_times_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(11)
    for course in range(25):
        folder = tmp_path / str(course)
        folder.mkdir()
        (folder / "stdout").write_text("before\n")
        _live_and_die(folder, chance)


def _live_and_die(folder: Path, chance: random.Random) -> None:
    said = {"stdout": "before\n", "stderr": ""}
    number = 0

    def fault(_point: str) -> None:
        if chance.random() < 0.3:
            raise DiedError

    for _ in range(12):
        for _ in range(chance.randint(0, 4)):
            number += 1
            stream = chance.choice(("stdout", "stderr"))
            said[stream] += f"{number}\n"
            append(folder / "journal", f"{number}\n", stream)
        one = transcript(folder, fault)
        try:
            move_all(one)
        except DiedError:
            pass
        finally:
            one.close()
    one = transcript(folder)
    move_all(one)
    one.close()
    assert {name: (folder / name).read_text() for name in said} == said


def test_what_was_half_written_is_completed(tmp_path: Path) -> None:
    append(tmp_path / "journal", "0123456789")
    append(tmp_path / "journal", "error", "stderr")

    def fault(point: str) -> None:
        if point == "docker.output.write.before":
            raise DiedError

    one = transcript(tmp_path, fault)
    try:
        one.move()
    except DiedError:
        one.close()
    (tmp_path / "stdout").write_text("0123")
    one = transcript(tmp_path)
    move_all(one)
    one.close()
    assert (tmp_path / "stdout").read_text() == "0123456789"
    assert (tmp_path / "stderr").read_text() == "error"


def test_files_are_rotated_between_pieces(tmp_path: Path) -> None:
    one = transcript(tmp_path, log_max_bytes=10, log_files=1)
    for number in range(4):
        append(tmp_path / "journal", str(number) * 7)
        move_all(one)
    one.close()
    assert (tmp_path / "stdout").read_text() == "3" * 7
    assert (tmp_path / "stdout.1").read_text() == "2" * 7


def test_what_nobody_wants_goes_nowhere(tmp_path: Path) -> None:
    append(tmp_path / "journal", "a")
    writing = Writing(tmp_path / "position", Record(directory=str(tmp_path)), DockerSettings())
    one = writing.read_from(str(tmp_path / "journal"), lambda _point: None)
    move_all(one)
    one.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal", "position"]
