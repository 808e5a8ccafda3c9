from __future__ import annotations

import subprocess
import sys

import msgspec

from tests.benchmarks.child import ROOT
from tests.benchmarks.figure import Figure


def test_the_log_is_measured_from_end_to_end() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "log", "--rounds=1", "--scale=0.01"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode in {0, 1}, result.stderr
    figures = [msgspec.json.decode(line, type=Figure) for line in result.stdout.splitlines()]
    names = " ".join(figure.figure for figure in figures)
    for part in ("journal", "replica", "1_replicas", "3_replicas", "bit_flip", "truncation", "recovery"):
        assert part in names
    assert all(figure.met is not False for figure in figures if "damage" in figure.figure)
