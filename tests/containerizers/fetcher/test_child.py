from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from containerizers.fetcher import child as children
from containerizers.fetcher.child import Child

DEADLINE_SECONDS = 60.0


def run(
    monkeypatch: pytest.MonkeyPatch, program: str, hear: Callable[[Child], None] | None = None
) -> tuple[str, str]:
    """What is made of a process that runs something else, and may say anything on its first descriptor."""
    monkeypatch.setattr(children, "_BOOT", f"import json, os, sys, time\n{program}")
    child = Child({"a": "b"}, [])
    poll = select.poll()
    poll.register(child.descriptor, select.POLLIN)
    if hear is not None:
        poll.register(child.channel, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll(DEADLINE_SECONDS * 1000)]
        assert ready, "it does not end"
        if hear is not None and child.channel.fileno() in ready:
            hear(child)
            if not child.speaks:
                poll.unregister(child.channel)
        if child.descriptor in ready:
            return child.reap()


@pytest.mark.parametrize(
    ("program", "kind", "text"),
    [
        ("os.write(0, b'{\"done\": true}\\n')", "done", "True"),
        ('os.write(0, b\'{"error": "why"}\\n\')', "error", "why"),
        ('os.write(0, b\'{"unfit": "why"}\\n\'); os._exit(3)', "unfit", "why"),
        ("os._exit(3)", "error", "ended with 3, and did not say why"),
        ("os.kill(os.getpid(), 11)", "error", "was ended by signal 11"),
        ("os.kill(os.getpid(), 14)", "error", "nothing came of it for too long"),
        ("os.kill(os.getpid(), 24)", "error", "too much processor time"),
        ("os.kill(os.getpid(), 64)", "error", "was ended by signal 64"),
        # It is not believed whatever it says.
        ("os.write(0, b'no json\\n[1]\\n5\\n')", "error", "did not say why"),
        ("os.write(0, b'\\xff' * 1000)", "error", "did not say why"),
        ("os.write(0, b'[' * 60000 + b'\\n')", "error", "did not say why"),
        ("os.write(0, b'{\"done\": true}\\n'); os.kill(os.getpid(), 9)", "error", "ended by signal 9"),
    ],
)
def test_what_came_of_it_is_what_it_said_or_how_it_ended(
    monkeypatch: pytest.MonkeyPatch, program: str, kind: str, text: str
) -> None:
    told = run(monkeypatch, program)
    assert told[0] == kind
    assert text in told[1]


def test_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(
        monkeypatch,
        "os.write(0, json.dumps({'error': os.pread(int(sys.argv[2]), 100, 0).decode()}).encode() + b'\\n')",
    )
    assert json.loads(said[1]) == {"a": "b"}


def test_it_inherits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy")
    program = """
found = sorted(os.environ), os.getcwd(), len(os.listdir("/proc/self/fd")), os.getsid(0) == os.getpid()
os.write(0, json.dumps({"error": repr(found)}).encode() + b"\\n")
"""
    file = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(file, True)
    try:
        # Descriptors: the channel, two nothings, the job, and that of the listing.
        names = "['LC_CTYPE'], " if sys.version_info < (3, 15) else "[], "
        assert run(monkeypatch, program) == ("error", f"({names}'/', 5, True)")
    finally:
        os.close(file)


def test_one_that_never_stops_talking_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    def hear(child: Child) -> None:
        child.hear()

    talk = "while True: os.write(0, b'{}\\n' * 1000)"
    assert run(monkeypatch, talk, hear) == ("error", "it says too much")
    assert run(monkeypatch, "while True: os.write(0, b'a' * 1000)", hear) == ("error", "it says too much")


def test_it_asks_for_room_and_gets_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def hear(child: Child) -> None:
        size = child.hear()
        if size is not None:
            asked.append(size)
            child.answer(granted=size < 10)

    program = """
said = b""
for size in (-5, True, "7", 9, 11):
    os.write(0, json.dumps({"size": size}).encode() + b"\\n")
    if size in (9, 11):
        said += os.read(0, 1)
os.write(0, json.dumps({"error": said.decode()}).encode() + b"\\n")
"""
    assert run(monkeypatch, program, hear) == ("error", "yn")
    assert asked == [9, 11]


def test_one_that_hangs_up_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def hear(child: Child) -> None:
        child.hear()
        if not child.speaks:
            child.kill("enough")

    assert run(monkeypatch, "os.close(0); time.sleep(600)", hear) == ("error", "enough")


def descriptors() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def test_one_that_cannot_be_started_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = descriptors()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        Child({}, [])
    assert descriptors() == before
