from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerizers.console import Console
from containerizers.containerizer import Ended
from containerizers.spec import ConsoleSpec
from containerizers.switchboard import Closed, Event, InputTaken, Opened, Output, Switchboard
from tests.containerizers.containers import DEADLINE_SECONDS, Containers, wait_until

LARGE = 10**9
TERMINAL = ConsoleSpec(terminal=(24, 80))
PIPES = ConsoleSpec()
WAITING = ConsoleSpec(waits=True)


class Desk:
    """Somebody who takes the events of a switchboard."""

    def __init__(self, board: Switchboard) -> None:
        self.board = board
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.seen: list[Event] = []
        board.report_to(self.events.put)

    def until(self, kind: type[Event]) -> Event:
        """The next event of a kind; those before it are passed over."""
        while True:
            event = self.events.get(timeout=DEADLINE_SECONDS)
            self.seen.append(event)
            if isinstance(event, kind):
                return event

    def output(self, container_id: str, stream: int = 1) -> bytes:
        """What it writes to the end."""
        self.until(Closed)
        return b"".join(
            one.data
            for one in self.seen
            if isinstance(one, Output) and (one.container_id, one.stream) == (container_id, stream)
        )

    def read_until(self, mark: bytes) -> bytes:
        seen = b""
        while mark not in seen:
            event = self.until(Output)
            assert isinstance(event, Output)
            seen += event.data
        return seen


@pytest.fixture
def desk() -> Iterator[Desk]:
    board = Switchboard()
    yield Desk(board)
    board.close()


@pytest.fixture
def containers(tmp_path: Path, desk: Desk) -> Iterator[Containers]:
    with Containers(tmp_path, desk.board) as made:
        yield made


def test_what_waits_is_read_from_its_beginning_once_somebody_listens(
    containers: Containers, desk: Desk
) -> None:
    containers.sh("one", "echo out; echo err >&2", console=WAITING)
    containers.wait("one")
    assert desk.until(Opened) == Opened("one")
    desk.board.listen("one", LARGE)
    assert desk.output("one") == b"out\n"
    assert [one for one in desk.seen if isinstance(one, Output)] == [
        Output("one", 1, b"out\n"),
        Output("one", 2, b"err\n"),
    ]


def test_what_nobody_will_listen_to_is_let_go_of(containers: Containers, desk: Desk) -> None:
    containers.sh("one", "echo out", console=WAITING)
    containers.wait("one")
    desk.board.mute("one")
    desk.until(Closed)
    assert not any(isinstance(one, Output) for one in desk.seen)


def test_output_goes_to_files_whether_or_not_anybody_listens(
    containers: Containers, desk: Desk, tmp_path: Path
) -> None:
    files = {"stdout": str(tmp_path / "out"), "stderr": str(tmp_path / "err")}
    containers.sh("one", "echo out; echo err >&2; read go; echo more", console=PIPES, **files)
    wait_until(lambda: (tmp_path / "err").read_bytes() == b"err\n", "it wrote")
    desk.board.listen("one", LARGE)
    desk.board.write("one", b"go\n")
    assert desk.output("one") == b"more\n"
    assert (tmp_path / "out").read_bytes() == b"out\nmore\n"


def test_no_more_is_told_than_was_granted_and_the_program_waits(
    containers: Containers, desk: Desk, tmp_path: Path
) -> None:
    containers.sh("one", "head -c 1000000 /dev/zero; echo > done", console=WAITING)
    desk.board.listen("one", 10_000)
    told = 0
    while told < 10_000:
        event = desk.until(Output)
        assert isinstance(event, Output)
        told += len(event.data)
    assert told == 10_000
    assert desk.events.empty()
    assert not (tmp_path / "done").exists()
    desk.board.grant("one", 500_000)
    desk.board.grant("one", LARGE)
    assert len(desk.output("one")) == 1_000_000


def test_input_is_taken_piece_by_piece_to_its_end(containers: Containers, desk: Desk) -> None:
    containers.sh("one", "wc -c", console=WAITING)
    desk.board.listen("one", LARGE)
    for _ in range(10):
        desk.board.write("one", b"x" * 100_000)
    desk.board.write("one", b"")
    assert desk.output("one") == b"1000000\n"
    assert sum(one.size for one in desk.seen if isinstance(one, InputTaken)) == 1_000_000


def test_input_that_nobody_reads_any_more_counts_as_taken(containers: Containers, desk: Desk) -> None:
    containers.sh("one", "exec <&-; echo deaf; sleep 1000", console=WAITING)
    desk.board.listen("one", LARGE)
    desk.read_until(b"deaf")
    desk.board.write("one", b"x" * 1_000)
    assert desk.until(InputTaken) == InputTaken("one", 1_000)
    desk.board.write("one", b"y")
    assert desk.until(InputTaken) == InputTaken("one", 1, over=True)


def test_a_terminal_is_that_of_the_session_and_has_a_size(containers: Containers, desk: Desk) -> None:
    script = "exec < /dev/tty; stty size; read a; stty size"
    containers.sh("one", script, console=ConsoleSpec(terminal=(7, 9), waits=True))
    desk.board.listen("one", LARGE)
    desk.read_until(b"7 9\r\n")
    desk.board.resize("one", 20, 30)
    desk.board.write("one", b"\n")
    assert b"20 30\r\n" in desk.output("one")


def test_a_terminal_is_written_to_the_file_of_stdout(
    containers: Containers, desk: Desk, tmp_path: Path
) -> None:
    files = {"stdout": str(tmp_path / "out"), "stderr": str(tmp_path / "err")}
    containers.sh("one", "echo out; echo err >&2", console=TERMINAL, **files)
    desk.until(Closed)
    assert (tmp_path / "out").read_bytes() == b"out\r\nerr\r\n"


def test_a_terminal_belongs_to_the_user_that_runs_in_it(
    containers: Containers, desk: Desk, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    script = "exec > $(tty); stat -c %U $(tty)"
    console = ConsoleSpec(terminal=(24, 80), waits=True)
    if os.geteuid() != 0:
        ended = containers.run("one", "true", user="nobody", console=console)
        assert ended.error == "user 'nobody': only root may run programs of others"
        return
    containers.sh("one", script, user="nobody", directory="/", console=console)
    desk.board.listen("one", LARGE)
    assert desk.output("one") == b"nobody\r\n"


def test_a_terminal_outlives_what_closes_it(containers: Containers, desk: Desk) -> None:
    script = "exec >&- 2>&- <&-; exec > /dev/tty; echo again"
    containers.sh("one", script, console=ConsoleSpec(terminal=(1, 1), waits=True))
    desk.board.listen("one", LARGE)
    assert desk.output("one") == b"again\r\n"


@pytest.mark.parametrize("console", [PIPES, TERMINAL])
def test_a_program_that_cannot_be_started_leaves_no_console(
    containers: Containers, console: ConsoleSpec, tmp_path: Path
) -> None:
    before = descriptors()
    for number in range(5):
        ended = containers.run(f"one-{number}", "/no/such/program", console=console)
        assert "/no/such/program" in ended.error
    assert descriptors() == before


def test_consoles_leave_no_descriptors(containers: Containers, desk: Desk, tmp_path: Path) -> None:
    containers.run("first", "true", console=TERMINAL)
    desk.until(Closed)
    before = descriptors()
    for number in range(10):
        console = (PIPES, TERMINAL)[number % 2]
        containers.sh(f"one-{number}", "cat", console=console, stdout=str(tmp_path / "out"))
        desk.board.write(f"one-{number}", b"hello\n")
        containers.containerizer.destroy(f"one-{number}")
        desk.until(Closed)
        containers.wait(f"one-{number}")
    wait_until(lambda: descriptors() <= before, f"as many descriptors as before: {before}")


def test_who_takes_events_anew_hears_of_all_consoles(containers: Containers, desk: Desk) -> None:
    containers.sh("one", "cat", console=WAITING)
    desk.board.listen("one", LARGE)
    desk.board.write("one", b"a\n")
    desk.read_until(b"a")
    other = Desk(desk.board)
    assert other.until(Opened) == Opened("one")
    desk.board.listen("one", LARGE)
    desk.board.write("one", b"b\n")
    assert other.read_until(b"b") == b"b\n"


def test_who_is_left_behind_and_writes_for_ever_holds_up_nobody(desk: Desk) -> None:
    console = Console(PIPES)
    with subprocess.Popen(["/usr/bin/yes"], stdout=console.ends.stdout) as endless:
        console.given()
        desk.board.add("c", console)
        desk.board.finish("c")
        desk.until(Closed)
        endless.wait(DEADLINE_SECONDS)


def test_a_console_needs_somebody_who_holds_it(tmp_path: Path) -> None:
    with Containers(tmp_path) as containers:
        assert containers.run("one", "true", console=PIPES) == Ended(
            "one", None, "console: there is nobody who holds it"
        )


def test_the_end_of_a_switchboard_hangs_up_on_terminals_and_ends_its_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    board = Switchboard()
    with Containers(tmp_path, switchboard=board) as containers:
        containers.sh("one", "sleep 1000", console=TERMINAL)
        board.close()
        containers.wait("one")
    assert threading.active_count() == before


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  the names are enough
