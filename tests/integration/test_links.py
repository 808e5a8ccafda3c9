"""Nodes in processes of their own: killed, stopped, replaced, and one that floods."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.stopping import stop
from tests.transport.routers import DEADLINE_SECONDS, Home, Parcel, wait
from transport.limits import Limits
from transport.pid import Address

ROOT = Path(__file__).parents[2]
HASTY = Limits(ping_seconds=0.3, silence_seconds=1.2)


@contextlib.contextmanager
def process(module: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


@contextlib.contextmanager
def peer(*, port: int = 0, incarnation: int = 1) -> Iterator[tuple[subprocess.Popen[str], Address]]:
    with process("tests.integration.link_peer", port, incarnation) as child:
        assert child.stdout is not None
        yield child, Address("127.0.0.1", int(child.stdout.readline()))


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_messages_cross_processes_and_come_back() -> None:
    with Home() as one, peer() as (_child, address):
        for number in range(1_000):
            one.send(address, [number])
        wait(lambda: len(one.received) == 1_000)
        assert one.messages == [[1, [number]] for number in range(1_000)]


def test_a_killed_peer_is_noticed_without_waiting_for_silence() -> None:
    with Home() as one, peer() as (child, address):
        one.send(address, [1])
        wait(lambda: one.received)
        child.send_signal(signal.SIGKILL)
        wait(lambda: one.breaks)
        assert one.breaks == [(address, "the connection broke")]
        assert one.count("silent") == 0


def test_a_peer_that_ends_says_goodbye() -> None:
    with Home() as one, peer() as (child, address):
        one.send(address, [1])
        wait(lambda: one.received)
        assert child.stdin is not None
        child.stdin.close()
        wait(lambda: one.breaks)
        assert one.breaks == [(address, "the peer said: the node stops")]
        assert child.wait(DEADLINE_SECONDS) == 0


def test_a_stopped_peer_is_lost_and_a_continued_one_connects_anew() -> None:
    with Home(limits=HASTY) as one, peer() as (child, address):
        one.send(address, [1])
        wait(lambda: one.received)
        stop(child.pid)
        one.send(address, [2])
        wait(lambda: one.breaks)
        assert one.breaks[0][0] == address
        assert "silent" in one.breaks[0][1]
        child.send_signal(signal.SIGCONT)

        def answered() -> bool:
            if not any(status.queued_messages or status.state == "open" for status in one.router.peers()):
                one.send(address, [3])
            return [1, [3]] in one.messages

        wait(answered)


def test_a_new_incarnation_on_the_same_address_gets_nothing_that_was_meant_for_the_old() -> None:
    with Home() as one, peer() as (old, address):
        one.send(address, ["to", 1])
        wait(lambda: one.received)
        stop(old.pid)
        for number in range(100):
            one.send(address, ["lost", number])
        wait(lambda: one.router.peers()[0].sent == 101)
        old.send_signal(signal.SIGKILL)
        old.wait()
        with peer(port=address.port, incarnation=2):
            wait(lambda: one.breaks)
            one.send(address, ["to", 2])
            wait(lambda: [2, ["to", 2]] in one.messages)
            assert one.messages == [[1, ["to", 1]], [2, ["to", 2]]]
            assert len(one.breaks) >= 1


def test_a_flooding_peer_harms_neither_memory_nor_others() -> None:
    limits = Limits(penalty_seconds=0.1)
    with Home(limits=limits) as one, peer() as (_child, address):
        one.spends = False  # or the flooder would only be quick
        one.send(address, [0])
        wait(lambda: one.received)
        before = resident_bytes()
        with process("tests.integration.flooder", one.address.port):
            wait(lambda: one.count("flood") >= 2)
            for number in range(1, 101):
                one.send(address, [number])
                wait(lambda: one.messages.count([1, [number]]) == 1)  # noqa: B023
            wait(lambda: one.count("flood") >= 4)
        parcels = sum(isinstance(message, Parcel) for message in one.messages)
        # The last of its connections may not have been found out yet.
        connections = one.count("flood") + 1
        assert parcels <= connections * limits.window
        assert {broken.port for broken, _reason in one.breaks} == {1}
        # What came within its windows is kept here.
        assert resident_bytes() - before < connections * 25_000_000


def test_a_peer_that_never_deals_with_anything_is_lost_when_its_queue_overflows() -> None:
    limits = Limits(queue_messages=500)
    with Home(limits=limits) as one, peer() as (_child, address):
        one.send(address, {"be": "silent"})
        for number in range(limits.window + 2 * limits.queue_messages):
            one.send(address, [number])
        wait(lambda: one.breaks)
        assert "too many messages waited" in one.breaks[0][1]
        assert len(one.drops) >= limits.queue_messages
