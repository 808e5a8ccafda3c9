from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from containerizers import census
from containerizers.census import Census
from tests.containerizers.containers import wait_until

PROGRAM = "import os, sys; os.setsid(); print(flush=True); sys.stdin.read()"


@pytest.fixture
def program() -> Iterator[subprocess.Popen[bytes]]:
    """Runs in a session of its own, marked as one of container `a` in `here`."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=dict(Census("here").mark("a")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_a_process_is_known_by_its_mark(program: subprocess.Popen[bytes]) -> None:
    assert Census("here").take({}) == {"a": [program.pid]}


def test_the_mark_of_another_place_says_nothing(program: subprocess.Popen[bytes]) -> None:
    assert Census("elsewhere").take({}) == {}


def test_the_session_tells_more_than_the_mark(program: subprocess.Popen[bytes]) -> None:
    assert Census("elsewhere").take({program.pid: "b"}) == {"b": [program.pid]}


def test_one_that_ended_is_counted_until_it_is_reaped(program: subprocess.Popen[bytes]) -> None:
    census = Census("here")
    program.kill()
    wait_until(lambda: os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT), "it has ended")
    assert census.take({program.pid: "a"}) == {"a": [program.pid]}
    program.wait()
    assert census.take({program.pid: "a"}) == {}


def test_what_was_found_is_believed_only_while_it_is_seen(program: subprocess.Popen[bytes]) -> None:
    census = Census("here")
    assert census.take({}) == {"a": [program.pid]}
    assert census.take({}) == {"a": [program.pid]}
    program.kill()
    program.wait()
    assert census.take({}) == {}
    assert census.first("a") is None


def test_the_first_process_leads_a_session(program: subprocess.Popen[bytes]) -> None:
    found = Census("here").first("a")
    assert found is not None
    assert found.process == program.pid
    assert Census("here").first("b") is None


def test_a_session_of_unknown_origin_is_that_of_its_nearest_ancestor(
    program: subprocess.Popen[bytes],
) -> None:
    child = "import os, subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], env={})"
    with subprocess.Popen(
        [sys.executable, "-c", child, PROGRAM],
        env=dict(Census("here").mark("b")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        found = Census("here").take({})
        # One of them has no mark, and a session of its own.
        assert len(found["b"]) == 2
        assert found["a"] == [program.pid]
        parent.stdin.close()  # type: ignore[union-attr]


def test_a_count_during_which_numbers_began_anew_may_have_missed_somebody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = iter((32000, 300))
    monkeypatch.setattr(census, "_newest", lambda: next(numbers))
    counted = Census("/here")
    counted.take({})
    assert not counted.settled
