"""An operator on pymesos: `python pymesos_operator.py MASTER AGENT`. It asks both daemons all that it can.

It writes a JSON list for each call to stdout: the daemon, the name of the method, and what came of it.
"""
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from pymesos import MesosOperatorAgentDriver, MesosOperatorMasterDriver, OperatorMaster

SECOND = 1_000_000_000
MACHINE = {"hostname": "elsewhere", "ip": "10.9.8.7"}


def say(*words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def ask(daemon: str, method: Callable[..., Any], *arguments: Any) -> Any:
    try:
        answer = method(*arguments)
    except RuntimeError as error:
        say(daemon, method.__name__, "error", str(error))
        return None
    say(daemon, method.__name__, answer)
    return answer


class Watcher(OperatorMaster):
    """What it is told of the cluster while it is subscribed."""

    def taskAdded(self, task_info: Any) -> None:  # noqa: N802  pymesos' name
        say("event", "taskAdded", task_info["task_id"]["value"])

    def taskUpdated(self, task_info: Any) -> None:  # noqa: N802  pymesos' name
        say("event", "taskUpdated", task_info["status"]["task_id"]["value"], task_info["state"])

    def frameworkAdded(self, framework_info: Any) -> None:  # noqa: N802  pymesos' name
        say("event", "frameworkAdded", framework_info["framework_info"]["name"])

    def frameworkUpdated(self, framework_info: Any) -> None:  # noqa: N802  pymesos' name
        say("event", "frameworkUpdated", framework_info["framework_info"]["name"])

    def frameworkRemoved(self, framework_info: Any) -> None:  # noqa: N802  pymesos' name
        say("event", "frameworkRemoved", framework_info["name"])

    def agentAdded(self, agent_info: Any) -> None:  # noqa: N802  pymesos' name
        say("event", "agentAdded", agent_info["agent_info"]["id"]["value"])

    def agentRemoved(self, agent_info: Any) -> None:  # noqa: N802  pymesos' name
        say("event", "agentRemoved", agent_info)


def both(daemon: str, driver: Any) -> None:
    for method in (driver.getHealth, driver.getFlags, driver.getVersion, driver.getLoggingLevel):
        ask(daemon, method)
    ask(daemon, driver.getMetrics, 5 * SECOND)
    ask(daemon, driver.setLoggingLevel, 0, 1)
    ask(daemon, driver.listFiles, "/master/log")
    for method in (driver.getState, driver.getFrameworks, driver.getExecutors, driver.getTasks):
        ask(daemon, method)


def master(driver: Any) -> None:
    both("master", driver)
    ask("master", driver.readFile, "/master/log", 10, 0)
    for method in (driver.getAgents, driver.getRoles, driver.getWeights, driver.getMaster, driver.getQuota):
        ask("master", method)
    for weight in (2.0, 1.0):
        ask("master", driver.updateWeights, [{"role": "pymesos", "weight": weight}])
    size = {"name": "cpus", "type": "SCALAR", "scalar": {"value": 1}}
    ask("master", driver.setQuota, {"role": "pymesos", "guarantee": [size]})
    ask("master", driver.removeQuota, "pymesos")
    ask("master", driver.markAgentGone, "nobody")
    start = {"start": {"nanoseconds": int((time.time() + 3_600) * SECOND)}}
    ask("master", driver.updateMaintenanceSchedule, [{"machine_ids": [MACHINE], "unavailability": start}])
    for method in (driver.startMaintenance, driver.stopMaintenance):
        ask("master", driver.getMaintenanceStatus)
        ask("master", method, [MACHINE])
    ask("master", driver.getMaintenanceSchedule)
    ask("master", driver.updateMaintenanceSchedule, [])
    reserve(driver)


def reserve(driver: Any) -> None:
    (agent,) = driver.getAgents()["get_agents"]["agents"]
    agent_id = agent["agent_info"]["id"]["value"]
    reserved = [{"type": "DYNAMIC", "role": "pymesos"}]
    disk = {"name": "disk", "type": "SCALAR", "scalar": {"value": 16}, "reservations": reserved}
    place = {"container_path": "data", "mode": "RW"}
    volume = {**disk, "disk": {"persistence": {"id": "kept"}, "volume": place}}
    ask("master", driver.reserveResources, agent_id, [disk])
    ask("master", driver.createVolumes, agent_id, [volume])
    ask("master", driver.destroyVolumes, agent_id, [volume])
    ask("master", driver.unreserveResources, agent_id, [disk])


def agent(driver: Any) -> None:
    both("agent", driver)
    found = ask("agent", driver.getContainers)
    (parent,) = (one["container_id"]["value"] for one in found["get_containers"]["containers"])
    nested = {"container_id": {"value": "nested", "parent": {"value": parent}}}
    ask("agent", driver.launchNestedContainer, {**nested, "command": {"value": "sleep 600"}})
    ask("agent", driver.getContainers, True, True)
    ask("agent", driver.killNestedContainer, "nested", parent)
    ask("agent", driver.waitNestedContainer, "nested", parent)
    ask("agent", driver.removeNestedContainer, "nested", parent)
    session = {"container_id": {"value": "session", "parent": {"value": parent}}}
    ask("agent", driver.launchNestedContainerSession, {**session, "command": {"value": "true"}})
    ask("agent", driver.pruneImages)


def main(master_address: str, agent_address: str) -> None:
    # It subscribes on a thread of its own, and its calls go beside that.
    watching = MesosOperatorMasterDriver(master_address, Watcher())
    watching.start()
    master(watching)
    sys.stdin.readline()
    agent(MesosOperatorAgentDriver(agent_address))
    say("done")
    sys.stdin.readline()
    watching.stop()
    watching.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
