from __future__ import annotations

from pathlib import Path

from actors.agent.environment import executor_environment
from actors.agent.flags import AgentFlags
from actors.executor.settings import ExecutorSettings
from transport.pid import Pid
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ExecutorID, FrameworkID


def environment(*, checkpoint: bool = False, secret_file: Path | None = None) -> dict[str, str]:
    flags = AgentFlags(master="m:5050", work_dir=Path("/work"), secret_file=secret_file)
    framework = FrameworkInfo(user="u", name="n", id=FrameworkID(value="f"), checkpoint=checkpoint)
    executor = ExecutorInfo(executor_id=ExecutorID(value="e"))
    return executor_environment(flags, {}, Pid("agent", "10.0.0.7", 6051, 9), "a", framework, executor, "/s")


def test_an_executor_finds_all_that_its_driver_reads() -> None:
    assert ExecutorSettings.read(environment(checkpoint=True)) == ExecutorSettings(
        agent=Pid("agent", "10.0.0.7", 6051),
        framework_id="f",
        executor_id="e",
        directory="/s",
        checkpoint=True,
        recovery_timeout_seconds=900.0,
        pause_max_seconds=0.5,
        shutdown_grace_seconds=5.0,
    )
    assert not ExecutorSettings.read(environment()).checkpoint


def test_an_executor_of_an_encrypted_network_learns_where_the_secret_is() -> None:
    assert "PION_SECRET_FILE" not in environment()
    path = Path("/etc/secret")
    assert environment(secret_file=path)["PION_SECRET_FILE"] == str(path)
