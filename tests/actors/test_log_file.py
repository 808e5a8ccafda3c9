"""Files of logs, under the names that people of Mesos look for."""

from __future__ import annotations

import threading
from pathlib import Path

from actors.log_file import LogFile


def test_the_newest_lines_are_where_the_link_leads(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    LogFile(folder, "mesos-master").write("first\n")
    LogFile(folder, "mesos-master").write("second\n")
    latest = LogFile.latest(folder, "mesos-master")
    assert latest == folder / "mesos-master.INFO"
    assert latest.read_text() == "second\n"
    assert latest.resolve().name.startswith("mesos-master.log.INFO.")
    texts = sorted(path.read_text() for path in folder.glob("mesos-master.log.INFO.*"))
    assert texts == ["first\n", "second\n"]


def test_a_file_that_has_grown_is_followed_by_another(tmp_path: Path) -> None:
    file = LogFile(tmp_path, "mesos-agent", largest_bytes=10)
    for line in ("one two three\n", "four\n", "five six\n", "seven\n"):
        file.write(line)
    assert LogFile.latest(tmp_path, "mesos-agent").read_text() == "seven\n"
    texts = sorted(path.read_text() for path in tmp_path.glob("mesos-agent.log.*"))
    assert texts == ["four\nfive six\n", "one two three\n", "seven\n"]


def test_threads_write_whole_lines_and_lose_none(tmp_path: Path) -> None:
    file = LogFile(tmp_path, "mesos-agent", largest_bytes=1000)

    def write(name: str) -> None:
        for number in range(300):
            file.write(f"{name} {number}\n")

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    lines = [line for path in tmp_path.glob("mesos-agent.log.*") for line in path.read_text().splitlines()]
    assert sorted(lines) == sorted(f"{name} {n}" for name in "abc" for n in range(300))


def test_what_is_not_text_is_written_all_the_same(tmp_path: Path) -> None:
    LogFile(tmp_path, "mesos-agent").write("half a pair: \ud800\n")
    assert LogFile.latest(tmp_path, "mesos-agent").read_text() == "half a pair: \\ud800\n"
