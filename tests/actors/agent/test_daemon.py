"""What makes a node an agent."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.agent.daemon import AgentCrew, claim
from actors.agent.flags import AgentFlags
from actors.flags import FlagError, load
from actors.node.crew import StartError


def test_a_runtime_directory_belongs_to_one_agent(tmp_path: Path) -> None:
    folder = tmp_path / "mesos" / "runtime"
    claim(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    with pytest.raises(StartError, match=r"--runtime_dir: .*/mesos/runtime is in use by another agent"):
        claim(folder)


def flags(tmp_path: Path, **others: str) -> AgentFlags:
    words = [f"--{name}={value}" for name, value in {"work_dir": str(tmp_path), **others}.items()]
    return load(AgentFlags, words, {}, prefix="MESOS_")


@pytest.mark.parametrize("master", ["zk://a:2181,b:2181/mesos", "anna:5050", "master@anna:7000"])
def test_the_master_is_found_by_zookeeper_or_by_any_masters_address(tmp_path: Path, master: str) -> None:
    AgentCrew(flags(tmp_path, master=master))
    file = tmp_path / "zk"
    file.write_text(master)
    AgentCrew(flags(tmp_path, master=f"file://{file}"))


@pytest.mark.parametrize("master", ["zk://a:2181", "file:///no/such/file", "http://anna"])
def test_what_names_no_place_to_find_the_master_is_refused_by_its_flag(tmp_path: Path, master: str) -> None:
    with pytest.raises(FlagError, match=r"^--master: "):
        AgentCrew(flags(tmp_path, master=master))


@pytest.mark.parametrize("timeout", ["999ms", "61mins"])
def test_a_session_of_zookeeper_has_a_sensible_time_out(tmp_path: Path, timeout: str) -> None:
    with pytest.raises(FlagError, match=r"zk_session_timeout.*1secs to 1hrs"):
        flags(tmp_path, master="zk://a/mesos", zk_session_timeout=timeout)
