from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from actors.executor.driver import main, network_limits, run_executor
from actors.executor.executor import Executor
from actors.executor.settings import ExecutorSettings
from transport.limits import Limits
from transport.pid import Pid


@pytest.mark.parametrize("arguments", [[], ["a:B", "c:D"]])
def test_one_class_is_wanted(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == "usage: python -m actors.executor.driver module:Class\n"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no_such_module:Class", "no_such_module:Class: cannot be loaded: No module named"),
        ("actors.executor.executor:Nothing", "cannot be loaded: module .* has no attribute"),
        ("actors.executor.executor", "cannot be loaded"),
        (":Class", "cannot be loaded"),
        ("actors.executor.settings:AGENT_PID", "is not a subclass of"),
        ("actors.process:Process", "is not a subclass of actors.executor.executor.Executor"),
    ],
)
def test_what_is_no_executor_is_refused(name: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 1
    error = capsys.readouterr().err
    assert error.startswith("executor: ")
    assert re.search(reason, error)


def test_an_agent_that_was_away_is_dialed_in_time() -> None:
    settings = ExecutorSettings(
        agent=Pid("agent", "h", 1), framework_id="f", executor_id="e", directory="/", pause_max_seconds=0.5
    )
    assert network_limits(settings).backoff_max_seconds == 0.5
    assert network_limits(replace(settings, pause_max_seconds=600.0)) == Limits()


def test_an_executor_is_started_by_an_agent() -> None:
    with pytest.raises(ValueError, match="PION_AGENT_PID: must be in the environment"):
        run_executor(Executor, {})


def test_an_unknown_level_of_logging_is_refused() -> None:
    environment = {
        "PION_AGENT_PID": "agent@127.0.0.1:6051",
        "MESOS_FRAMEWORK_ID": "f",
        "MESOS_EXECUTOR_ID": "e",
        "MESOS_DIRECTORY": "/",
        "MESOS_LOGGING_LEVEL": "LOUD",
    }
    with pytest.raises(ValueError, match="MESOS_LOGGING_LEVEL=LOUD: must be one of DEBUG, INFO, "):
        run_executor(Executor, environment)
