"""What the examples share."""

from __future__ import annotations

import sys
from pathlib import Path

from frameworks.examples.echo_executor import EchoExecutor
from frameworks.examples.programs import EXECUTOR_NEEDS, executor_info
from transport.records.resources import Resources


def test_an_executor_is_found_by_the_python_that_the_framework_runs_on() -> None:
    kind = f"{EchoExecutor.__module__}:{EchoExecutor.__qualname__}"
    info = executor_info("echo", kind)
    assert info.command is not None
    assert info.command.value == f"{sys.executable} -m actors.executor.driver {kind}"
    assert info.command.environment is not None
    (variable,) = info.command.environment.variables
    assert (Path(variable.value or "") / "frameworks" / "examples" / "echo_executor.py").is_file()
    assert Resources(info.resources) == EXECUTOR_NEEDS
