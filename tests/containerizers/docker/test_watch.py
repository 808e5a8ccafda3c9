"""Ends of processes, and times to come."""

from __future__ import annotations

import os
import subprocess
import threading
from queue import SimpleQueue

from containerizers.docker.watch import Watch
from tests.containerizers.docker.harbour import descriptors


def test_the_end_of_a_process_is_told_once() -> None:
    told: SimpleQueue[str] = SimpleQueue()
    watch = Watch(told.put)
    child = subprocess.Popen(["sleep", "600"])
    descriptor = os.pidfd_open(child.pid)
    watch.when_ended(descriptor, lambda: told.put("ended"))
    child.kill()
    assert told.get(timeout=60) == "ended"
    child.wait()
    watch.close()
    os.close(descriptor)
    assert told.empty()


def test_alarms_ring_in_the_order_of_their_times() -> None:
    told: SimpleQueue[int] = SimpleQueue()
    watch = Watch(lambda _reason: None)
    for number in (3, 1, 2):
        watch.later(number / 50, lambda number=number: told.put(number))  # type: ignore[misc]
    assert [told.get(timeout=60) for _ in range(3)] == [1, 2, 3]
    watch.close()


def test_an_alarm_that_was_called_off_does_not_ring() -> None:
    told: SimpleQueue[str] = SimpleQueue()
    watch = Watch(lambda _reason: None)
    watch.later(0.01, lambda: told.put("off")).cancel()
    watch.later(0.02, lambda: told.put("on"))
    assert told.get(timeout=60) == "on"
    watch.close()


def test_after_the_end_nothing_is_told_and_nothing_left_open() -> None:
    before = descriptors()
    told: SimpleQueue[str] = SimpleQueue()
    watch = Watch(told.put)
    watch.later(0.01, watch.close)
    watch.later(0.02, lambda: told.put("late"))
    for thread in threading.enumerate():
        if thread.name == "docker watch":
            thread.join(60)
    watch.close()
    assert watch.later(0, lambda: told.put("later")).act is not None
    assert told.empty()
    assert descriptors() == before
