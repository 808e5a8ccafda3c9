"""Threads that wait for dockerd."""

from __future__ import annotations

import threading
from queue import SimpleQueue

import pytest

from containerizers.docker import calls
from containerizers.docker.calls import Calls, Job
from containerizers.docker.settings import DockerSettings
from tests.containerizers.docker.harbour import eventually


def some(most: int = 2, broken: SimpleQueue[str] | None = None) -> Calls:
    told: SimpleQueue[str] = SimpleQueue() if broken is None else broken
    return Calls("docker test", most, DockerSettings(socket="/nonexistent"), told.put)


def waiting(go: threading.Event, begun: threading.Event) -> Job:
    def wait(_client: object) -> None:
        begun.set()
        go.wait(60)

    return wait


def test_there_are_no_more_threads_than_are_needed_or_allowed() -> None:
    one, go, done = some(3), threading.Event(), SimpleQueue[int]()
    one.submit(lambda _client: done.put(0))
    assert done.get(timeout=60) == 0
    assert one.threads == 1
    for _ in range(10):
        one.submit(waiting(go, threading.Event()))
    eventually(lambda: one.threads == 3)
    one.submit(lambda _client: done.put(1))
    assert one.threads == 3
    go.set()
    assert done.get(timeout=60) == 1
    one.close()
    assert one.threads == 0


def test_what_is_urgent_comes_first() -> None:
    one, go, begun, done = some(1), threading.Event(), threading.Event(), SimpleQueue[str]()
    one.submit(waiting(go, begun))
    assert begun.wait(60)
    one.submit(lambda _client: done.put("second"))
    one.submit(lambda _client: done.put("first"), first=True)
    go.set()
    assert [done.get(timeout=60) for _ in range(2)] == ["first", "second"]
    one.close()


def test_threads_that_have_nothing_to_do_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_IDLE_SECONDS", 0.01)
    one, done = some(), SimpleQueue[int]()
    for _ in range(3):
        one.submit(lambda _client: done.put(0))
        done.get(timeout=60)
        eventually(lambda: one.threads == 0)
    one.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_is_told() -> None:
    told: SimpleQueue[str] = SimpleQueue()
    one = some(broken=told)

    def fail(_client: object) -> None:
        raise ZeroDivisionError

    one.submit(fail)
    assert told.get(timeout=60) == "a thread of docker test has ended"
    one.close()
    for thread in threading.enumerate():
        if thread.name == "docker test":
            thread.join(60)


def test_after_the_end_nothing_is_done() -> None:
    one, done = some(), SimpleQueue[int]()
    one.close()
    one.submit(lambda _client: done.put(0))
    assert one.threads == 0
    assert done.empty()
