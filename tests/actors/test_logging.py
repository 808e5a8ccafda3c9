"""Log lines: JSON for machines, aligned and coloured for people."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import structlog

from actors.log_file import LogFile
from actors.logging import Level, Logs
from actors.units import Duration
from transport.pid import Address, Pid

MASTER = Pid("master", "10.0.0.1", 6050)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_away_from_a_terminal_a_line_is_one_json_object() -> None:
    stream = io.StringIO()
    Logs(stream=stream).actor(MASTER).info("agent registered", agent_id="S0", agents=1)
    line = stream.getvalue()
    assert line.endswith("}\n")
    assert list(json.loads(line)) == ["timestamp", "level", "event", "actor", "agent_id", "agents"]
    values = json.loads(line)
    assert values.pop("timestamp").endswith("Z")
    assert values == {
        "level": "info",
        "event": "agent registered",
        "actor": "master@10.0.0.1:6050",
        "agent_id": "S0",
        "agents": 1,
    }


def test_on_a_terminal_a_line_is_for_people() -> None:
    stream = Terminal()
    Logs(stream=stream).process().warning("agent lost", agent_id="S0")
    assert "agent lost" in stream.getvalue()
    assert "\x1b[" in stream.getvalue()
    assert "{" not in stream.getvalue()


def test_a_file_takes_all_lines_and_a_quiet_stream_the_errors(tmp_path: Path) -> None:
    stream = Terminal()
    log = Logs(stream=stream, file=LogFile(tmp_path, "mesos-master"), quiet=True).process()
    log.info("agent registered")
    log.error("disk full")
    kept = LogFile.latest(tmp_path, "mesos-master").read_text().splitlines()
    assert [json.loads(line)["event"] for line in kept] == ["agent registered", "disk full"]
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["disk full"]


class MuteError(Exception):
    def __str__(self) -> str:
        raise LookupError

    __repr__ = __str__


def test_a_line_never_raises_whatever_is_logged() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    stream = io.StringIO()
    log = Logs(stream=stream).process()
    for value in ("\ud800", MuteError(), [MuteError()], (1, MuteError()), cycle, 2**70, {(1, 2): 3}, b"\xff"):
        log.info("odd", value=value)
    log.error("crashed", exc_info=MuteError())
    log.error("crashed", exc_info=ValueError("\ud800"))
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["odd"] * 8 + [
        "crashed"
    ] * 2


def test_what_is_no_actor_logs_to_the_same_place() -> None:
    stream = io.StringIO()
    before = structlog.get_config()
    try:
        Logs("WARNING", stream).install()
        structlog.get_logger().info("quiet")
        structlog.get_logger().warning("peer lost", peer=Address("h", 1))
    finally:
        structlog.configure(**before)
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["peer"] == "h:1"


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("DEBUG", ["debug", "info", "warning", "error"]),
        ("INFO", ["info", "warning", "error"]),
        ("WARNING", ["warning", "error"]),
        ("ERROR", ["error"]),
    ],
)
def test_the_level_decides_what_is_shown(level: Level, shown: list[str]) -> None:
    stream = io.StringIO()
    log = Logs(level, stream).process()
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)("tried")
    assert [json.loads(line)["level"] for line in stream.getvalue().splitlines()] == shown


def test_values_are_shown_as_people_write_them() -> None:
    stream = io.StringIO()
    Logs(stream=stream).process().info(
        "seen",
        pid=MASTER,
        address=Address("::1", 1),
        wait=Duration.of(15),
        items=(1, 2),
        error=OSError("broken"),
    )
    values = json.loads(stream.getvalue())
    assert values["pid"] == "master@10.0.0.1:6050"
    assert values["address"] == "[::1]:1"
    assert values["wait"] == "15secs"
    assert values["items"] == [1, 2]
    assert values["error"] == "broken"


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_an_exception_comes_with_its_traceback(stream: io.StringIO) -> None:
    empty: dict[str, int] = {}
    try:
        empty["task"]
    except KeyError as error:
        Logs(stream=stream).process().error("actor crashed", exc_info=error)
    assert "Traceback" in stream.getvalue()
    assert "KeyError: 'task'" in stream.getvalue()


def test_a_stream_that_is_gone_loses_lines_and_nothing_else() -> None:
    stream = io.StringIO()
    log = Logs(stream=stream).process()
    stream.close()
    log.info("lost")


def test_more_is_logged_from_one_moment_to_the_next_and_less_again() -> None:
    stream = io.StringIO()
    logs = Logs("WARNING", stream)
    log = logs.actor(MASTER)
    other = Logs("WARNING", stream).process()
    for verbosity in (0, 1, 0):
        logs.verbosity = verbosity
        log.debug("small", verbosity=verbosity)
        other.debug("small of another")
    assert [json.loads(line)["verbosity"] for line in stream.getvalue().splitlines()] == [1]
    log.warning("large")
    assert "large" in stream.getvalue()
