from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgpack
import pytest

from actors.trace.files import TraceFiles, TraceFolder
from tests.actors.trace.samples import record
from transport.messages.tracing import TraceRecord


def records(count: int) -> list[TraceRecord]:
    return [record("handled", number, sent=1.0, started=1.0) for number in range(1, count + 1)]


def write(directory: Path, node: str, records: list[TraceRecord], **options: Any) -> None:
    files = TraceFiles(directory, node, **options)
    files.append(records)
    files.close()


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    files = TraceFiles(tmp_path / "traces" / "new", "10.0.0.1:5051")
    written = [
        *records(3),
        record("dropped", 9, reason="mailbox full", text="\ud800 half", deep={"a": [1, {}]}),
    ]
    files.append(written[:2])
    files.append(written[2:])
    folder = TraceFolder(tmp_path / "traces" / "new")
    read = list(folder)  # before the file is closed, as when the node still runs
    files.close()
    assert names(folder.directory) == ["10.0.0.1:5051.1.trace"]
    assert read[:3] == written[:3]
    assert read[3].fields == {"text": "\\ud800 half", "deep": {"a": [1, {}]}}
    assert folder.damages == ()


def test_nothing_to_write_makes_no_file(tmp_path: Path) -> None:
    TraceFiles(tmp_path, "n").append([])
    assert names(tmp_path) == []


def test_a_file_is_a_stream_of_plain_msgpack(tmp_path: Path) -> None:
    write(tmp_path, "n", records(2))
    with (tmp_path / "n.1.trace").open("rb") as file:
        assert [told["span"] for told in msgpack.Unpacker(file)] == [1, 2]


def test_files_are_rotated_by_size_and_the_oldest_removed(tmp_path: Path) -> None:
    write(tmp_path, "n", records(20), file_bytes=600, files_kept=3)
    assert names(tmp_path) == [f"n.{number}.trace" for number in (5, 6, 7)]
    assert all(path.stat().st_size <= 600 for path in tmp_path.iterdir())
    assert [told.span for told in TraceFolder(tmp_path)] == list(range(13, 21))


def test_a_record_larger_than_a_file_gets_one_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "n", records(2), file_bytes=10)
    assert names(tmp_path) == ["n.1.trace", "n.2.trace"]


def test_each_life_of_a_node_goes_on_with_a_new_file_and_leaves_other_nodes_alone(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path, "n", records(1), files_kept=2)
        write(tmp_path, f"n.{number}", records(1))
    assert names(tmp_path) == ["n.0.1.trace", "n.1.1.trace", "n.2.1.trace", "n.2.trace", "n.3.trace"]


def test_files_are_read_in_order_of_their_numbers(tmp_path: Path) -> None:
    write(tmp_path, "n", records(12), file_bytes=10, files_kept=20)
    (tmp_path / "notes.txt").write_text("not a trace")
    assert [told.span for told in TraceFolder(tmp_path)] == list(range(1, 13))


@pytest.mark.parametrize("cut", [1, 50, 100])
def test_a_torn_tail_is_left_out(tmp_path: Path, cut: int) -> None:
    write(tmp_path, "n", records(3))
    path = tmp_path / "n.1.trace"
    path.write_bytes(path.read_bytes()[:-cut])
    folder = TraceFolder(tmp_path)
    assert [told.span for told in folder] == [1, 2]
    assert folder.damages == ()


@pytest.mark.parametrize(
    "garbage", [b"\xc1", b"\x01", b"\xa4\xff\xff\xff\xff", b"\x81\x01\x02", b"\x81\xa4kind\xa3odd"]
)
def test_damage_ends_one_file_and_is_told(tmp_path: Path, garbage: bytes) -> None:
    write(tmp_path, "n", records(2))
    write(tmp_path, "o", records(1))
    path = tmp_path / "n.1.trace"
    whole = path.read_bytes()
    path.write_bytes(whole + garbage + whole)
    folder = TraceFolder(tmp_path)
    assert [told.span for told in folder] == [1, 2, 1]
    assert len(folder.damages) == 1
    assert folder.damages[0].startswith(f"n.1.trace: damaged from byte {len(whole)} on")


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "traces", "../../etc", records(1))
    assert names(tmp_path / "traces") == [".._.._etc.1.trace"]


def test_a_folder_that_is_not_there_is_an_error_when_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(TraceFolder(tmp_path / "nowhere"))


def test_a_disk_that_fails_is_an_error_when_written(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, "n", records(1), create=lambda path: Full())
