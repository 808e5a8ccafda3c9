"""What makes a node an agent."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.agent.daemon import claim
from actors.node.crew import StartError


def test_a_runtime_directory_belongs_to_one_agent(tmp_path: Path) -> None:
    folder = tmp_path / "mesos" / "runtime"
    claim(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(StartError, match=r"--runtime_dir: .*/mesos/runtime is in use by another agent"):
        claim(folder)
