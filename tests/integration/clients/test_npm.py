"""mesos-framework of npm, unchanged, run by node."""

from __future__ import annotations

from pathlib import Path

from tests.integration.clients.daemons import Local
from tests.integration.clients.installed import program
from tests.integration.clients.programs import Program
from transport.pid import Address

_PROGRAM = Path(__file__).with_name("npm") / "scheduler.js"
_INSTANCES = 2


def scheduler(master: Address, packages: Path, folder: Path) -> Program:
    """The framework; its tasks end when there is a file `gate` in the folder."""
    node = program("node", "nodejs")
    where = (master.host, str(master.port), str(folder / "gate"), str(_INSTANCES))
    environment = {"NODE_PATH": str(packages), "NODE_NO_WARNINGS": "1"}
    return Program((node, str(_PROGRAM), *where), environment, folder / "node.log", folder)


def test_a_framework_of_node_runs_its_tasks(local: Local, node_packages: Path, tmp_path: Path) -> None:
    with scheduler(local.master, node_packages, tmp_path) as framework:
        framework.wait_for("subscribed")
        framework.wait_for("heartbeat")
        framework.wait_for("update", None, "TASK_RUNNING", times=_INSTANCES)
        (tmp_path / "gate").touch()
        framework.wait_for("update", None, "TASK_FINISHED", times=_INSTANCES)
        tasks = {task for _, task, _ in framework.heard("update")}
        assert len(tasks) == _INSTANCES
        assert not framework.heard("error")
        assert framework.end() == 0
