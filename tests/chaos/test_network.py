"""The hosts of the rig, the links between them, and that nothing of it stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.network import Cut, Host, Network, Way, mount_small_disk
from tests.chaos.slot import NAMESPACES, Slot, processes_in

_ROOT = Path(__file__).parent.parent.parent
_ECHO = """
import socket
server = socket.create_server(("", 5050))
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    connection.sendall(connection.recv(100))
"""
_ASK = """
import socket, sys
with socket.create_connection((sys.argv[1], 5050), 0.7) as connection:
    connection.settimeout(0.7)
    connection.sendall(b"hello")
    print(connection.recv(100).decode())
"""


@pytest.fixture
def slot() -> Iterator[Slot]:
    slot = Slot()
    yield slot
    slot.close()


@contextlib.contextmanager
def _listening(host: Host) -> Iterator[None]:
    command = [*host.prefix, sys.executable, "-c", _ECHO]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.kill()


def _ask(prefix: tuple[str, ...], other: Host) -> str:
    """What came back from there, or why nothing did."""
    command = [*prefix, sys.executable, "-c", _ASK, other.address]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.split("\n")[-2].partition(":")[0]


def test_links_are_cut_in_one_or_both_directions_and_healed(slot: Slot) -> None:
    network = Network(slot)
    one, other, third = (network.host(name) for name in ("one", "other", "third"))
    with _listening(other):
        assert _ask(one.prefix, other) == "hello"
        assert _ask((), other) == "hello", "this process reaches every host"
        said = {
            Way.DROP: "TimeoutError",
            Way.RESET: "ConnectionRefusedError",
            Way.DEAF: "TimeoutError",
            Way.MUTE: "TimeoutError",
            Way.NEW: "TimeoutError",
        }
        for way, how in said.items():
            cut = Cut(one, [other], way)
            cut.apply()
            assert _ask(one.prefix, other) == how, way
            assert _ask(third.prefix, other) == "hello", "the others are not concerned"
            cut.heal()
            assert _ask(one.prefix, other) == "hello", way


def test_nothing_of_a_rig_is_left_whatever_its_processes_do(slot: Slot) -> None:
    host = Network(slot).host("one")
    disk = slot.folder / "disk"
    mount_small_disk(disk, slot.folder / "image", 8)
    stubborn = ["sh", "-c", f"trap '' TERM; exec >{disk}/open; while :; do sleep 100; done"]
    with subprocess.Popen([*host.prefix, "setsid", *stubborn]):
        try:
            while len(processes_in(host.namespace)) < 2:
                time.sleep(0.01)
        finally:
            slot.close()
    assert not list(NAMESPACES.glob(f"{slot.prefix}*"))
    assert slot.prefix not in Path("/proc/mounts").read_text()
    assert not slot.folder.exists()


def test_what_a_dead_run_left_is_removed_by_the_next_one() -> None:
    program = (
        "import os, signal, subprocess\n"
        "from tests.chaos.network import Network\n"
        "from tests.chaos.slot import Slot\n"
        "slot = Slot()\n"
        "host = Network(slot).host('one')\n"
        "left = subprocess.Popen([*host.prefix, 'sleep', '1000'], stdout=-3, stderr=-3)\n"
        "print(slot.prefix, left.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    dead = subprocess.run(
        [sys.executable, "-c", program], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    prefix, left = dead.stdout.split()
    os.kill(int(left), 0)

    Slot().close()
    assert not list(NAMESPACES.glob(f"{prefix}*"))
    deadline = time.monotonic() + 60.0
    while Path(f"/proc/{left}/exe").exists():
        assert time.monotonic() < deadline, "it runs"
        time.sleep(0.01)
