"""A framework on pymesos, as written for Mesos: `python pymesos_scheduler.py MASTER GATE OWN COMMANDS`.

It launches OWN tasks on an executor of its own and so many COMMANDS, all of which run until the file GATE
exists. What it is told it writes to stdout, a JSON list in each line; what it shall do it reads from stdin.
"""
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import getpass
import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from addict import Dict
from pymesos import MesosSchedulerDriver, Scheduler, decode_data, encode_data

TASK_CPUS = 0.1
TASK_MEM = 32
EXECUTOR_CPUS = 0.1
EXECUTOR_MEM = 32

lock = threading.Lock()


def say(*words: object) -> None:
    with lock:
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()


class GateScheduler(Scheduler):
    def __init__(self, gate: str, own: int, commands: int) -> None:
        self.gate = gate
        self.waiting = [f"own-{number}" for number in range(own)]
        self.waiting += [f"command-{number}" for number in range(commands)]
        self.agent_id: Any = None

    @property
    def executor(self) -> Any:
        executor = Dict()
        executor.executor_id.value = "gate-keeper"
        executor.name = "gate keeper"
        executor.command.value = f"{sys.executable} {Path(__file__).with_name('pymesos_executor.py')}"
        executor.command.environment.variables = [{"name": "PYTHONPATH", "value": os.environ["PYTHONPATH"]}]
        executor.resources = [
            {"name": "mem", "type": "SCALAR", "scalar": {"value": EXECUTOR_MEM}},
            {"name": "cpus", "type": "SCALAR", "scalar": {"value": EXECUTOR_CPUS}},
        ]
        return executor

    def task(self, name: str, offer: Any) -> Any:
        task = Dict()
        task.task_id.value = name
        task.agent_id.value = offer.agent_id.value
        task.name = f"task {name}"
        if name.startswith("own"):
            task.executor = self.executor
            task.data = encode_data(self.gate.encode())
        else:
            task.command.value = f"while [ ! -e {self.gate} ]; do sleep 0.1; done"
        task.resources = [
            {"name": "cpus", "type": "SCALAR", "scalar": {"value": TASK_CPUS}},
            {"name": "mem", "type": "SCALAR", "scalar": {"value": TASK_MEM}},
        ]
        return task

    def resourceOffers(self, driver: Any, offers: Any) -> None:  # noqa: N802  pymesos' name
        for offer in offers:
            say("offer", offer.agent_id.value)
            names, self.waiting = self.waiting, []
            tasks = [self.task(name, offer) for name in names]
            # pymesos declines when there are none.
            driver.launchTasks(offer.id, tasks, {"refuse_seconds": 1})

    def registered(self, driver: Any, framework_id: Any, master_info: Any) -> None:
        say("registered", framework_id.value, f"{master_info.hostname}:{master_info.port}")

    def reregistered(self, driver: Any, master_info: Any) -> None:
        say("reregistered", f"{master_info.hostname}:{master_info.port}")

    def disconnected(self, driver: Any) -> None:
        say("disconnected")

    def statusUpdate(self, driver: Any, update: Any) -> None:  # noqa: N802  pymesos' name
        self.agent_id = update.agent_id
        say("update", update.task_id.value, update.state, "uuid" in update, update.get("reason"))

    def frameworkMessage(  # noqa: N802  pymesos' name
        self, driver: Any, executor_id: Any, agent_id: Any, message: str
    ) -> None:
        say("message", executor_id.value, decode_data(message).decode())

    def executorLost(  # noqa: N802  pymesos' name
        self, driver: Any, executor_id: Any, agent_id: Any, status: int
    ) -> None:
        say("executor lost", executor_id.value, status)

    def slaveLost(self, driver: Any, agent_id: Any) -> None:  # noqa: N802  pymesos' name
        say("agent lost", agent_id.value)

    def error(self, driver: Any, message: str) -> None:
        say("error", message)


def obey(driver: Any, scheduler: GateScheduler, verb: str, word: str) -> None:
    if verb == "kill":
        driver.killTask({"value": word})
    elif verb == "message":
        executor_id = {"value": "gate-keeper"}
        driver.sendFrameworkMessage(executor_id, scheduler.agent_id, encode_data(word.encode()))
    elif verb == "reconcile":
        driver.reconcileTasks([{"task_id": {"value": word}}] if word else [])
    elif verb == "revive":
        driver.reviveOffers()
    elif verb == "suppress":
        driver.suppressOffers()


def main(master: str, gate: str, own: str, commands: str) -> None:
    scheduler = GateScheduler(gate, int(own), int(commands))
    framework = Dict()
    framework.user = getpass.getuser()
    framework.name = "gates"
    framework.hostname = socket.gethostname()
    framework.checkpoint = True
    framework.failover_timeout = 60
    driver = MesosSchedulerDriver(scheduler, framework, master, use_addict=True)
    driver.start()
    for line in sys.stdin:
        verb, _, word = line.strip().partition(" ")
        obey(driver, scheduler, verb, word)
    driver.stop()
    driver.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
