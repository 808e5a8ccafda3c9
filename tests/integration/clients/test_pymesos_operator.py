"""pymesos' operator calls, at both daemons, and its stream of what happens in a cluster."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.integration.clients.daemons import Local
from tests.integration.clients.framework import Framework, task
from tests.integration.clients.programs import Program

_PROGRAM = Path(__file__).with_name("pymesos_operator.py")
#: Methods that are refused, and by which status.
_REFUSED = {
    ("master", "markAgentGone"): "404",
    ("agent", "listFiles"): "404",
    ("agent", "pruneImages"): "501",
}


def test_an_operator_on_pymesos_is_answered_and_told(
    local: Local, python_packages: Path, tmp_path: Path
) -> None:
    command = (sys.executable, str(_PROGRAM), str(local.master), str(local.agent))
    environment = {"PYTHONPATH": str(python_packages)}
    with Program(command, environment, tmp_path / "operator.log") as operator:
        operator.wait_for("master", "unreserveResources")
        with Framework(local.master, name="watched") as framework:
            assert framework.accept(framework.offer(), [task("seen", "sleep 600")]).status == 202
            framework.reaches("seen", "TASK_RUNNING")
            operator.tell("go")
            operator.wait_for("done")
            operator.wait_for("event", "frameworkAdded", "watched")
            operator.wait_for("event", "taskAdded", "seen")
            operator.wait_for("event", "taskUpdated", "seen", "TASK_RUNNING")
        operator.wait_for("event", "frameworkRemoved", "watched")
        assert operator.end() == 0
        refused = {(line[0], line[1]): line[3] for line in operator.heard(None, None, "error")}
        assert refused.keys() == _REFUSED.keys(), refused
        for call, status in _REFUSED.items():
            assert f"code={status}" in refused[call]
        answers = {(line[0], line[1]): line[2] for line in operator.heard(None, None, None)}
        assert answers["master", "getHealth"]["get_health"] == {"healthy": True}
        assert answers["agent", "getContainers"]["get_containers"]["containers"]
        assert answers["master", "readFile"]["read_file"]["size"] > 0
