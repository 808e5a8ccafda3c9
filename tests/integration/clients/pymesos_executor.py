"""An executor on pymesos, as written for Mesos: a program that an agent starts.

A task runs until the file named in its data exists, and then finishes. Messages are sent back.
"""
# mypy: disable-error-code="import-not-found, misc"

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

from addict import Dict
from pymesos import Executor, MesosExecutorDriver, decode_data

PAUSE_SECONDS = 0.05


class GateExecutor(Executor):
    def __init__(self) -> None:
        self.killed: set[str] = set()

    def launchTask(self, driver: Any, task: Any) -> None:  # noqa: N802  pymesos' name
        threading.Thread(target=self.run, args=(driver, task), daemon=True).start()

    def run(self, driver: Any, task: Any) -> None:
        gate = Path(decode_data(task.data).decode())
        self.tell(driver, task.task_id, "TASK_RUNNING")
        while not gate.exists() and task.task_id.value not in self.killed:
            time.sleep(PAUSE_SECONDS)
        killed = task.task_id.value in self.killed
        self.tell(driver, task.task_id, "TASK_KILLED" if killed else "TASK_FINISHED")

    def tell(self, driver: Any, task_id: Any, state: str) -> None:
        update = Dict()
        update.task_id.value = task_id.value
        update.state = state
        update.timestamp = time.time()
        while True:
            try:
                driver.sendStatusUpdate(update)
            except (OSError, RuntimeError):  # it is not connected just now
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def killTask(self, driver: Any, task_id: Any) -> None:  # noqa: N802  pymesos' name
        self.killed.add(task_id.value)

    def frameworkMessage(self, driver: Any, message: str) -> None:  # noqa: N802  pymesos' name
        driver.sendFrameworkMessage(message)

    def reregistered(self, driver: Any, agent_info: Any) -> None:
        sys.stderr.write(f"reregistered with {agent_info.id.value}\n")


if __name__ == "__main__":
    MesosExecutorDriver(GateExecutor(), use_addict=True).run()
