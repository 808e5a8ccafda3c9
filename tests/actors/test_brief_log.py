"""Logs of commands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from actors.brief_log import BriefLog, structured
from transport.pid import Pid


def test_lines_from_a_level_on_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    log = BriefLog("scheduler", "warning")
    log.debug("one")
    log.info("two")
    log.warning("three", task_id="t", count=3)
    log.error("four")
    assert capsys.readouterr().err == "warning: scheduler: three task_id=t count=3\nerror: scheduler: four\n"


def test_errors_alone_are_written_unless_told_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    log = BriefLog("scheduler")
    log.warning("one")
    log.error("two")
    assert capsys.readouterr().err == "error: scheduler: two\n"


def test_structlog_names_the_actor(capsys: pytest.CaptureFixture[str]) -> None:
    structured(Pid("anna", "host", 1)).info("hello")
    assert "anna@host:1" in capsys.readouterr().out


def test_a_command_on_the_network_imports_neither_structlog_nor_asyncio() -> None:
    program = (
        "import sys, frameworks.execute, frameworks.host\n"
        "assert not {'structlog', 'asyncio'} & sys.modules.keys(), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_an_exception_is_told_with_where_it_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError("no way")
    BriefLog("scheduler").error("actor crashed", exc_info=raised.value)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: scheduler: actor crashed exc_info=no way"
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "RuntimeError: no way"
