"""What dockerd keeps of a container's output."""

from __future__ import annotations

import json
from pathlib import Path

from containerizers.docker.journal import Journal, Piece
from containerizers.docker.position import Position


def line(text: str, stream: str = "stdout") -> bytes:
    return json.dumps({"log": text, "stream": stream, "time": "2026-01-01T00:00:00Z"}).encode() + b"\n"


def read_all(journal: Journal, most_bytes: int = 2**18) -> tuple[str, str]:
    out = err = b""
    while (piece := journal.read(most_bytes)) is not None:
        out += piece.out
        err += piece.err
        journal.go_on(piece)
    return out.decode(), err.decode()


def test_lines_are_read_once_and_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(line("a\n") + line("b", "stderr"))
    journal = Journal(str(path), Position())
    assert read_all(journal) == ("a\n", "b")
    with path.open("ab") as file:
        file.write(line("c\n"))
    assert read_all(journal) == ("c\n", "")
    journal.close()


def test_one_that_is_not_there_yet_has_nothing(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "log"), Position())
    assert journal.read() is None
    (tmp_path / "log").write_bytes(line("a"))
    assert read_all(journal) == ("a", "")
    journal.close()


def test_half_a_line_waits_for_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "log"
    whole = line("grüße\n")
    path.write_bytes(whole[:20])
    journal = Journal(str(path), Position())
    assert journal.read() is None
    path.write_bytes(whole)
    assert read_all(journal) == ("grüße\n", "")
    journal.close()


def test_lines_that_make_no_sense_are_passed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    nonsense = [b"{", b"[]", b'{"log": 3}', b'{"stream": "stdout"}', b"\0\0\0", b'"', b""]
    path.write_bytes(b"\n".join(nonsense) + b"\n" + line("a"))
    journal = Journal(str(path), Position())
    assert read_all(journal) == ("a", "")
    journal.close()


def test_a_file_of_no_lines_is_passed_as_well(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 600_000 + b"\n" + line("a"))
    journal = Journal(str(path), Position())
    assert read_all(journal) == ("a", "")
    journal.close()


def rotate(path: Path, generations: int = 4) -> None:
    for number in range(generations - 1, 1, -1):
        older = Path(f"{path}.{number - 1}")
        if older.exists():
            older.rename(f"{path}.{number}")
    path.rename(f"{path}.1")
    path.touch()


def test_it_goes_on_in_the_next_file_when_dockerd_begins_another(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(line("a\n"))
    journal = Journal(str(path), Position())
    assert read_all(journal) == ("a\n", "")
    with path.open("ab") as file:
        file.write(line("b\n"))
    for text in ("c\n", "d\n"):
        rotate(path)
        path.write_bytes(line(text))
    assert read_all(journal) == ("b\nc\nd\n", "")
    journal.close()


def test_who_comes_later_goes_on_in_the_file_it_was_in(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(line("a\n") + line("b\n"))
    position = Position(inode=path.stat().st_ino, offset=len(line("a\n")))
    rotate(path)
    path.write_bytes(line("c\n"))
    journal = Journal(str(path), position)
    assert read_all(journal) == ("b\nc\n", "")
    journal.close()


def test_where_that_is_gone_it_goes_on_with_the_oldest(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(line("a\n"))
    rotate(path)
    path.write_bytes(line("b\n"))
    journal = Journal(str(path), Position(inode=1, offset=1000))
    assert read_all(journal) == ("a\nb\n", "")
    journal.close()


def test_a_file_that_was_removed_under_it_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(line("a\n") + line("b\n"))
    journal = Journal(str(path), Position())
    first = journal.read()
    assert first is not None
    path.unlink()
    path.write_bytes(line("c\n"))
    assert read_all(journal) == ("a\nb\nc\n", "")
    journal.close()


def test_a_file_that_somebody_cut_off_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(line("a long one\n") * 3)
    journal = Journal(str(path), Position())
    read_all(journal)
    path.write_bytes(line("b\n"))
    assert read_all(journal) == ("b\n", "")
    journal.close()


def test_a_piece_can_be_had_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(line("a") + line("b", "stderr") + line("c"))
    end = len(line("a") + line("b", "stderr"))
    journal = Journal(str(path), Position(inode=path.stat().st_ino))
    assert journal.again(end) == Piece(b"a", b"b", end)
    journal.close()
