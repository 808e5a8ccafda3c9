"""pymesos, unchanged: a framework and its executor survive the deaths of master and agent."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.integration.clients import test_npm
from tests.integration.clients.daemons import Agent, Local
from tests.integration.clients.programs import Program
from tests.integration.masters import MasterProcess, Masters, wait_until
from tests.integration.test_master_http import agreed
from tests.zookeeper.ensemble import Ensemble

_PROGRAM = Path(__file__).with_name("pymesos_scheduler.py")
#: pymesos waits 2 s or longer before it tries to reach a new agent for the second time.
_REREGISTRATION = "15secs"
_LIVE = ("TASK_STARTING", "TASK_RUNNING")
_OWN = 2
_COMMANDS = 2
_TASKS = [f"own-{number}" for number in range(_OWN)] + [f"command-{number}" for number in range(_COMMANDS)]


def scheduler(master: str, packages: Path, folder: Path) -> Program:
    command = (sys.executable, str(_PROGRAM), master, str(folder / "gate"), str(_OWN), str(_COMMANDS))
    return Program(command, {"PYTHONPATH": str(packages)}, folder / "scheduler.log")


def states(framework: Program) -> dict[str, Counter[str]]:
    """How often each task was told to be in each state, in updates that are to be acknowledged."""
    told: dict[str, Counter[str]] = {}
    for _, task, state, acknowledged, _ in framework.heard("update"):
        if acknowledged:
            told.setdefault(task, Counter())[state] += 1
    return told


def started(framework: Program) -> None:
    framework.wait_for("registered")
    for task in _TASKS:
        framework.wait_for("update", task, "TASK_RUNNING", True)


def finished(framework: Program, folder: Path, killed: str = "") -> None:
    """Let all tasks finish; each has begun and ended once, whatever died meanwhile."""
    (folder / "gate").touch()
    for task in _TASKS:
        if task != killed:
            framework.wait_for("update", task, "TASK_FINISHED", True)
    for task, told in states(framework).items():
        assert told["TASK_RUNNING"] == 1, (task, framework.said)
        ends = {state: times for state, times in told.items() if state not in _LIVE}
        assert ends == {"TASK_KILLED" if task == killed else "TASK_FINISHED": 1}
    assert not framework.heard("error")
    assert not framework.heard("agent lost")


@pytest.fixture
def local_of_its_own(tmp_path: Path) -> Iterator[Local]:
    environment = {"MESOS_EXECUTOR_REREGISTRATION_TIMEOUT": _REREGISTRATION}
    with Local(tmp_path / "local", environment) as cluster:
        yield cluster


def test_a_framework_and_its_executor_run_on_pion_local_whose_daemons_die(
    local_of_its_own: Local, python_packages: Path, tmp_path: Path
) -> None:
    local = local_of_its_own
    with scheduler(str(local.master), python_packages, tmp_path) as framework:
        started(framework)
        framework.tell("message", "hello")
        framework.wait_for("message", "gate-keeper", "hello")
        framework.tell("kill", "own-0")
        framework.wait_for("update", "own-0", "TASK_KILLED", True)

        local.kill("agent")
        local.kill("master")
        framework.wait_for("reregistered")
        until_heard(framework, ("reconcile",), ("update", "own-1", "TASK_RUNNING", False))
        until_heard(framework, ("message", "again"), ("message", "gate-keeper", "again"))
        finished(framework, tmp_path, killed="own-0")
        assert framework.end() == 0


def test_a_framework_finds_the_next_leader_by_zookeeper_and_no_task_is_lost_or_doubled(
    zookeeper: Ensemble, zookeeper_path: str, python_packages: Path, node_packages: Path, tmp_path: Path
) -> None:
    url = zookeeper.url(zookeeper_path)
    flags = (f"--zk={url}", "--zk_session_timeout=3secs", "--quorum=2", "--no-hostname_lookup")
    reregistration = f"--executor_reregistration_timeout={_REREGISTRATION}"
    with Masters(tmp_path) as masters:
        three = [masters.start(*flags) for _ in range(3)]
        # pymesos gives up where the path in ZooKeeper is not there yet.
        leader = leading(three)
        with (
            Agent(tmp_path, url, reregistration) as agent,
            scheduler(url, python_packages, tmp_path) as framework,
        ):
            started(framework)
            others = [one for one in three if one is not leader]
            with test_npm.scheduler(others[0].web, node_packages, tmp_path) as redirected:
                redirected.wait_for("subscribed")
                assert redirected.end() == 0
            leader.kill()
            # It comes back, to lead on whom another sent here that did not know yet that it leads itself.
            masters.start(f"--ip={leader.web.host}", *flags, web=leader.web, name=leader.name)
            framework.wait_for("reregistered")
            assert framework.heard("reregistered")[0][1] == str(leading(others).web)

            agent.kill()
            agent.start()
            # Only an executor that has come back answers.
            until_heard(framework, ("message", "back"), ("message", "gate-keeper", "back"))
            finished(framework, tmp_path)
            assert framework.end() == 0
            assert completed(leading(others)) == ["gates"]


def until_heard(framework: Program, words: tuple[str, ...], answer: tuple[object, ...]) -> None:
    """Have it ask again and again: a master knows no task, nor an agent an executor, that is not back yet."""

    def asked() -> bool:
        framework.tell(*words)
        return bool(framework.heard(*answer))

    wait_until(asked, lambda: f"{answer} is said: {framework.said}")


def leading(masters: list[MasterProcess]) -> MasterProcess:
    wait_until(lambda: agreed(masters), lambda: "all lead to one")
    leader = agreed(masters)
    assert leader is not None
    return leader


def completed(master: MasterProcess) -> list[str]:
    """The names of the frameworks that were torn down."""
    answer = master.fetch("/frameworks")
    assert answer is not None
    told = msgspec.json.decode(answer.body)
    return [framework["name"] for framework in told["completed_frameworks"]]
