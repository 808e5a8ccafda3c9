"""Where somebody was when the process ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from containerizers.docker.position import Position, PositionFile

FAR = Position(inode=2**63, offset=2**62, end=2**61, out_bytes=5, err_bytes=6)


def test_what_was_kept_is_there_for_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "a/position"
    first = PositionFile(path)
    assert first.position == Position()
    first.save(Position(1, 2, 3, 4, 5))
    first.save(FAR)
    first.close()
    second = PositionFile(path)
    assert second.position == FAR
    second.close()


def test_it_outlives_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from containerizers.docker.position import Position, PositionFile\n"
        "PositionFile(Path(sys.argv[1])).save(Position(7, 8, 9))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "position"
    ended = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    kept = PositionFile(path)
    assert kept.position == Position(7, 8, 9)
    kept.close()


def test_a_place_that_was_half_written_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "position"
    kept = PositionFile(path)
    kept.save(Position(1, 1, 1))
    kept.save(Position(2, 2, 2))
    kept.close()
    data = path.read_bytes()
    newest = data.index((2).to_bytes(8, sys.byteorder) * 2)
    with path.open("r+b") as file:
        file.seek(newest + 8)
        file.write(b"\xff")
    again = PositionFile(path)
    assert again.position == Position(1, 1, 1)
    again.close()


def test_a_file_of_nonsense_is_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "position"
    path.write_bytes(os.urandom(100))
    kept = PositionFile(path)
    assert kept.position == Position()
    kept.close()
