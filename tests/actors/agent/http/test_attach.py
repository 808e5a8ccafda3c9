from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.executor.consoles import CONSOLES
from actors.units import Duration
from tests.actors.agent.http import calls
from tests.actors.agent.http.house import TASK, House, Input, house, processes_of, wait_until
from transport.http.media_type import Encoding
from transport.http.recordio import frame
from transport.records.container import TTYInfo
from transport.records.process_io import ProcessIO

_Control = ProcessIO.Control


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of this file that do not end it: each uses other containers."""
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


def window(rows: int, columns: int) -> ProcessIO:
    info = TTYInfo(window_size=TTYInfo.WindowSize(rows=rows, columns=columns))
    return ProcessIO(
        type=ProcessIO.Type.CONTROL, control=_Control(type=_Control.Type.TTY_INFO, tty_info=info)
    )


def ended(home: House, container_id: str) -> int | None:
    answer = home.ask(calls.wait(container_id)).wait_container
    assert answer is not None
    return answer.exit_status


# Sessions.


@pytest.mark.parametrize("encoding", list(Encoding))
def test_a_session_streams_what_its_command_writes_and_its_exit_status_can_be_asked_for(
    home: House, encoding: Encoding
) -> None:
    name = f"{TASK}.said-{encoding.name.lower()}"
    with home.stream(calls.session(name, "echo out; echo err >&2; exit 7"), encoding) as stream:
        assert stream.status == 200
        assert stream.response.headers["Content-Type"] == "application/recordio"
        assert stream.response.headers["Message-Content-Type"] == encoding.value
        assert stream.output() == (b"out\n", b"err\n")
    assert ended(home, name) == 7 << 8


def test_a_session_works_where_the_container_around_it_does_and_in_its_environment(home: House) -> None:
    with home.stream(calls.session(f"{TASK}.there", calls.shell("pwd; env", MORE="yes"))) as stream:
        first, *environment = stream.output()[0].decode().splitlines()
    assert first == str(home.sandbox)
    assert {"COLOUR=blue", "MORE=yes", f"MESOS_SANDBOX={home.sandbox}"} <= {*environment}
    assert not any("PRIVATE" in line for line in environment)
    assert not (home.sandbox / "containers/there").exists()


def test_a_session_ends_with_the_connection_of_its_client(home: House) -> None:
    name = f"{TASK}.left"
    with home.stream(calls.session(name, "echo begun; setsid sleep 1000 & sleep 1000")) as stream:
        stream.read_until(b"begun")
    assert ended(home, name) == signal.SIGKILL
    wait_until(home.only_the_task_is_left, "only the task is left")


def test_a_session_reads_what_its_client_writes_to_the_end_of_that(home: House) -> None:
    name = f"{TASK}.counted"
    with home.stream(calls.session(name, "wc -c")) as stream, Input(home.address) as given:
        given.attach(name)
        for _ in range(20):
            given.write(b"x" * 100_000)
        given.write(b"")
        assert stream.output() == (b"2000000\n", b"")
        assert given.end() == (200, b"")


def test_a_session_whose_output_is_huge_loses_nothing_of_it(home: House) -> None:
    script = "head -c 30000000 /dev/zero; echo done >&2"
    with home.stream(calls.session(f"{TASK}.huge", script), Encoding.PROTOBUF) as stream:
        out, err = stream.output()
    assert (len(out), out.strip(b"\0"), err) == (30_000_000, b"", b"done\n")


def test_a_program_waits_for_a_client_that_reads_nothing(home: House) -> None:
    name = f"{TASK}.patient"
    with home.stream(calls.session(name, "yes; echo never"), Encoding.PROTOBUF) as stream:
        stream.read_until(b"y")
        process = next(number for number, text in processes_of(home.folder).items() if name in text)
        wait_until(lambda: state(process) == "S" and state(process) == "S", "it waits")
        assert home.get("/monitor/statistics")[0] == 200
    assert ended(home, name) == signal.SIGKILL


def state(process: int) -> str:
    """Of the children of a session's shell, what all of them do: R for one that runs."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    states = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[0] for one in children]
    return "R" if "R" in states else "S"


def test_a_session_that_was_launched_before_is_no_other_clients(home: House) -> None:
    name = f"{TASK}.mine"
    call = calls.session(name, "echo mine; sleep 1000")
    with home.stream(call) as stream:
        stream.read_until(b"mine")
        with home.stream(call) as other:
            assert other.status == 409
        assert home.post(calls.kill(name))[0] == 200
        assert stream.next() is None


def test_a_session_in_what_is_not_there_is_refused_before_it_begins(home: House) -> None:
    with home.stream(calls.session("nobody.session", "true")) as stream:
        assert (stream.status, stream.response.read()) == (404, b"container nobody cannot be found\n")
    with home.stream(calls.session(f"{TASK}.bad", calls.shell(""))) as stream:
        assert stream.status == 400


def test_a_stream_is_broken_off_when_the_executor_node_is_gone(tmp_path: Path) -> None:
    with house(tmp_path) as home, home.stream(calls.session(f"{TASK}.lost", "echo hi; cat")) as stream:
        stream.read_until(b"hi")
        with Input(home.address) as given:
            given.attach(f"{TASK}.lost")
            given.write(b"there")
            stream.read_until(b"there")
            home.end_actor(CONSOLES)
            assert given.answer()[0] == 503
            with pytest.raises((ConnectionError, http.client.IncompleteRead)):
                stream.output()


def test_a_session_hears_from_time_to_time_that_all_is_well(tmp_path: Path) -> None:
    with (
        house(tmp_path, http_heartbeat_interval=Duration.of(0.1)) as home,
        home.stream(calls.session(f"{TASK}.quiet", "sleep 1000")) as stream,
    ):
        for _ in range(2):
            record = stream.next()
            assert record is not None and record.control is not None
            assert record.control.heartbeat is not None and record.control.heartbeat.interval is not None
            assert record.control.heartbeat.interval.nanoseconds == 100_000_000


# Terminals.


def test_a_terminal_has_the_size_it_is_given_and_may_be_resized(home: House) -> None:
    name = f"{TASK}.terminal"
    script = (
        "trap 'stty size' WINCH; stty size; tty -s && echo yes; "
        "while :; do if read line; then echo got $line; test $line = bye && exit 4; fi; done"
    )
    call = calls.session(name, script, calls.terminal(33, 44))
    with home.stream(call) as stream, Input(home.address) as given:
        assert stream.read_until(b"yes") == b"33 44\r\nyes\r\n"
        given.attach(name)
        given.io(window(5, 6))
        stream.read_until(b"5 6\r\n")
        given.write(b"hello\n")
        stream.read_until(b"got hello\r\n")
        given.write(b"bye\n")
        assert b"got bye\r\n" in stream.output()[0]
        assert given.end() == (200, b"")
    assert ended(home, name) == 4 << 8


def test_a_terminals_keys_are_signals_to_what_runs_in_it(home: House) -> None:
    name = f"{TASK}.interrupted"
    script = "trap 'echo bye; exit 5' INT; echo ready; while :; do sleep 0.05; done"
    call = calls.session(name, script, calls.terminal(10, 20))
    with home.stream(call) as stream, Input(home.address) as given:
        stream.read_until(b"ready")
        given.attach(name)
        given.write(b"\x03")
        assert b"bye" in stream.output()[0]
    assert ended(home, name) == 5 << 8


def test_an_interactive_shell_can_be_spoken_with(home: House) -> None:
    name = f"{TASK}.shell"
    call = calls.session(name, "exec sh -i", calls.terminal(24, 80))
    with home.stream(call) as stream, Input(home.address) as given:
        given.attach(name)
        given.write(b"expr 6 '*' 7\n")
        stream.read_until(b"42\r\n")
        given.write(b"exit 3\n")
        stream.output()
    assert ended(home, name) == 3 << 8


# Attaching to what runs.


def test_several_clients_attach_to_a_tasks_terminal_and_one_may_leave(tmp_path: Path) -> None:
    with house(tmp_path, terminal=(24, 80)) as home:
        one, two = home.stream(calls.attach_output(TASK)), home.stream(calls.attach_output(TASK))
        with one, two, Input(home.address) as given:
            given.attach(TASK)
            given.write(b"first\n")
            one.read_until(b"first\r\nfirst")
            two.read_until(b"first")
            one.close()
            given.write(b"second\n")
            two.read_until(b"second")
            assert given.end() == (200, b"")
        assert b"first" in (home.sandbox / "stdout").read_bytes()
        with Input(home.address) as again:  # now that the other one has left
            again.attach(TASK)
            again.write(b"third\n")
            wait_until(lambda: b"third" in (home.sandbox / "stdout").read_bytes(), "it was read")


def test_only_one_client_writes_at_a_time(tmp_path: Path) -> None:
    with house(tmp_path, terminal=(24, 80)) as home, Input(home.address) as one, Input(home.address) as two:
        one.attach(TASK)
        with home.stream(calls.attach_output(TASK)) as stream:
            one.write(b"hello\n")
            stream.read_until(b"hello")
            two.attach(TASK)
            status, text = two.answer()
            assert (status, b"somebody else is attached" in text) == (409, True)


def test_those_attached_see_the_end_of_a_container(tmp_path: Path) -> None:
    with house(tmp_path, terminal=(24, 80)) as home:
        stream, given = home.stream(calls.attach_output(TASK)), Input(home.address)
        with stream, given:
            given.attach(TASK)
            given.write(b"hello\n")
            stream.read_until(b"hello")
            home.end_executor()
            stream.output()
            assert given.answer() == (200, b"")


def test_a_container_without_a_console_cannot_be_attached_to(home: House) -> None:
    with home.stream(calls.attach_output(TASK)) as stream:
        assert stream.status == 400
        assert b"without a terminal" in stream.response.read()
    with home.stream(calls.attach_output(f"{TASK}.nobody")) as stream:
        assert stream.status == 404
    with Input(home.address) as given:
        given.attach(f"{TASK}.nobody")
        assert given.answer()[0] == 404


def test_a_launched_container_with_a_terminal_can_be_attached_to(home: House) -> None:
    name = f"{TASK}.screen"
    script = "read line; echo got $line"
    assert home.post(calls.launch(name, script, calls.terminal(24, 80)))[0] == 200
    with home.stream(calls.attach_output(name)) as stream, Input(home.address) as given:
        given.attach(name)
        given.write(b"it\n")
        assert b"got it" in stream.output()[0]
    assert b"got it" in (home.sandbox / "containers/screen/stdout").read_bytes()


# What breaks the rules.


GARBAGE = [
    (b"no record", "digits"),
    (b"99999999\n", "at most"),
    (frame(b"no json"), "record"),
    (frame(b'{"type":"GET_STATE"}'), "ATTACH_CONTAINER_INPUT"),
    (frame(b'{"type":"ATTACH_CONTAINER_INPUT"}'), "attach_container_input"),
    (
        frame(b'{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":{"type":"CONTAINER_ID"}}'),
        "CONTAINER_ID",
    ),
    (
        frame(
            b'{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":'
            b'{"type":"CONTAINER_ID","container_id":{"value":"a b"}}}'
        ),
        "container_id",
    ),
]


@pytest.mark.parametrize(("body", "reason"), GARBAGE)
def test_input_that_begins_with_something_else_is_refused(home: House, body: bytes, reason: str) -> None:
    with Input(home.address) as given:
        given.raw(body)
        status, text = given.answer()
        assert status == 400
        assert reason in text.decode()


@pytest.mark.parametrize(
    "body",
    [
        b"garbage",
        frame(b"{}"),
        frame(b'{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":{"type":"PROCESS_IO"}}'),
        frame(
            b'{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":{"type":"PROCESS_IO","process_io":'
            b'{"type":"DATA","data":{"type":"STDOUT","data":"aGk="}}}}'
        ),
        frame(
            b'{"type":"ATTACH_CONTAINER_INPUT","attach_container_input":{"type":"PROCESS_IO","process_io":'
            b'{"type":"CONTROL","control":{"type":"TTY_INFO"}}}}'
        ),
    ],
)
def test_garbage_within_input_is_refused_and_the_session_goes_on(home: House, body: bytes) -> None:
    name = f"{TASK}.garbage-{abs(hash(body))}"
    with home.stream(calls.session(name, "cat")) as stream:
        with Input(home.address) as given:
            given.attach(name)
            given.write(b"before")
            stream.read_until(b"before")
            given.raw(body)
            assert given.answer()[0] == 400
        with Input(home.address) as given:
            given.attach(name)
            given.write(b"after")
            given.write(b"")
            stream.read_until(b"after")
            assert given.end() == (200, b"")
        assert stream.next() is None


def test_input_that_nobody_reads_any_more_is_passed_over(home: House) -> None:
    name = f"{TASK}.deaf"
    with home.stream(calls.session(name, "exec <&-; echo deaf; sleep 1000")) as stream:
        stream.read_until(b"deaf")
        with Input(home.address) as given:
            given.attach(name)
            for _ in range(10):
                given.write(b"x" * 100_000)
            assert given.end() == (200, b"")


def test_many_sessions_leave_nothing_behind(home: House) -> None:
    def session(number: int) -> None:
        name = f"{TASK}.many-{number}"
        container = calls.terminal(24, 80) if number % 2 else None
        with home.stream(calls.session(name, "echo hi; cat", container)) as stream:
            stream.read_until(b"hi")
            with Input(home.address) as given:
                given.attach(name)
                given.write(b"something")
        assert ended(home, name) in (0, signal.SIGKILL, signal.SIGHUP)

    session(0)
    session(1)
    wait_until(home.only_the_task_is_left, "only the task is left")
    before = descriptors()
    for number in range(2, 22):
        session(number)
    wait_until(home.only_the_task_is_left, "only the task is left")
    wait_until(lambda: descriptors() <= before, f"as many descriptors as before: {before}")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  the names are enough
