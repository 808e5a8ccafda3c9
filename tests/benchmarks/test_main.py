from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.child import ROOT, child
from tests.benchmarks.figure import Figure


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("speed", "there is no benchmark 'speed'"),
        ("marathon", "the benchmark 'marathon' comes with its feature"),
    ],
)
def test_a_benchmark_that_is_not_there_is_refused(
    name: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        main([name])
    assert refusal.value.code == 2
    assert message in capsys.readouterr().err


def test_the_runtime_is_measured_from_end_to_end() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "runtime", "--rounds=1", "--scale=0.002"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode in {0, 1}, result.stderr
    figures = [msgspec.json.decode(line, type=Figure) for line in result.stdout.splitlines()]
    names = " ".join(figure.figure for figure in figures)
    for part in ("local tell", "one way between processes", "round trip", "peers", "turns", "timers"):
        assert part in names
    assert all(figure.value is not None for figure in figures if "absent" not in (figure.against or ""))


def test_the_cluster_is_measured_from_end_to_end() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "launch", "--rounds=1", "--scale=0.01"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode in {0, 1}, result.stderr
    figures = [msgspec.json.decode(line, type=Figure) for line in result.stdout.splitlines()]
    names = " ".join(figure.figure for figure in figures)
    for part in (
        "command_tasks",
        "one_executor",
        "accept_to_running",
        "decline",
        "execute",
        "idle",
        "simulated",
    ):
        assert part in names
    assert all(figure.value is not None for figure in figures)


def test_a_child_that_does_not_start_is_an_error() -> None:
    with pytest.raises(AssertionError, match="no_such_module did not start"), child("no_such_module"):
        pass
