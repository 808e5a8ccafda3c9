from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerizers.containerizer import Ended
from containerizers.spec import ConsoleSpec, Isolation
from containerizers.switchboard import Closed, Event, Opened, Output, Switchboard
from tests.containerizers.containers import DEADLINE_SECONDS
from tests.containerizers.linux.containers import GROUPS, NAMESPACES, LinuxContainers, open_files


class Listener:
    """Hears what a container writes."""

    def __init__(self) -> None:
        self.heard = b""
        self.opened = False
        self.closed = False
        self._news = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._news:
            if isinstance(event, Output):
                self.heard += event.data
            self.opened |= isinstance(event, Opened)
            self.closed |= isinstance(event, Closed)
            self._news.notify_all()

    def wait_for(self, text: bytes) -> None:
        with self._news:
            assert self._news.wait_for(lambda: text in self.heard, DEADLINE_SECONDS), self.heard


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def containers(tmp_path: Path, listener: Listener) -> Iterator[LinuxContainers]:
    switchboard = Switchboard()
    switchboard.report_to(listener)
    with LinuxContainers(tmp_path, switchboard) as made:
        made.switchboard = switchboard
        yield made
    switchboard.close()


TERMINAL = ConsoleSpec(terminal=(24, 80), waits=True)


@pytest.mark.parametrize("isolation", [NAMESPACES, GROUPS], ids=["namespaces", "groups"])
def test_a_terminal_controls_the_session_and_interrupts_it(
    containers: LinuxContainers, listener: Listener, isolation: Isolation
) -> None:
    waiting = "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.02; done"
    script = f"stty size; echo from tty > /dev/tty; {waiting}"
    containers.sh("one", script, isolation=isolation, console=TERMINAL)
    containers.switchboard.listen("one", 1 << 20)
    listener.wait_for(b"24 80\r\nfrom tty\r\nready\r\n")
    containers.switchboard.write("one", b"\x03")
    containers.wait("one")
    assert containers.ended["one"] == Ended("one", 7 << 8)
    listener.wait_for(b"caught")
    assert b"^C" in listener.heard


def test_a_session_inside_a_container_has_a_terminal_too(
    containers: LinuxContainers, listener: Listener
) -> None:
    containers.launch("one", "sleep", "1000", isolation=NAMESPACES)
    containers.launch("one.shell", "sh", inside=True, console=TERMINAL)
    containers.switchboard.listen("one.shell", 1 << 20)
    containers.switchboard.write("one.shell", b"cat /proc/2/cmdline; tty; exit 3\n")
    containers.wait("one.shell")
    assert containers.ended["one.shell"] == Ended("one.shell", 3 << 8)
    listener.wait_for(b"sleep\x001000\x00/dev/pts/")


def test_without_a_terminal_it_has_pipes(
    containers: LinuxContainers, listener: Listener, tmp_path: Path
) -> None:
    console = ConsoleSpec(waits=True)
    out = str(tmp_path / "out")
    containers.launch("one", "cat", isolation=NAMESPACES, console=console, stdout=out)
    containers.switchboard.listen("one", 1 << 20)
    containers.switchboard.write("one", b"hello")
    containers.switchboard.write("one", b"")
    containers.wait("one")
    assert containers.ended["one"] == Ended("one", 0)
    listener.wait_for(b"hello")
    assert (tmp_path / "out").read_text() == "hello"


def test_of_one_that_cannot_be_started_no_console_is_left(
    containers: LinuxContainers, listener: Listener
) -> None:
    containers.run("first", "true", isolation=NAMESPACES)
    before = open_files()
    assert containers.run("one", "no-such", isolation=NAMESPACES, console=TERMINAL).error
    assert not listener.opened
    assert open_files() == before
