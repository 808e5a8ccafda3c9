"""An executor as somebody might write it with the v1 HTTP API and nothing but Python's standard library.

A program: an agent starts it, and what a task's data says is done with it. `run` is over at once, `stay` runs
until it is killed, `gate` runs until there is a file `go` in the sandbox, `quiet` is launched and not spoken
of, `exit` ends the executor, `linger` has it ignore SHUTDOWN, `staging` breaks the rules. What it was told is
in the file `journal` in its sandbox.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

PATH = "/slave(1)/api/v1/executor"
FRAMEWORK = {"value": os.environ["MESOS_FRAMEWORK_ID"]}
EXECUTOR = {"value": os.environ["MESOS_EXECUTOR_ID"]}
HOST, _, PORT = os.environ["MESOS_AGENT_ENDPOINT"].partition(":")
JOURNAL = os.open("journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
CHECKPOINT = os.environ["MESOS_CHECKPOINT"] == "1"


def seconds(text: str) -> float:
    units = {"ms": 0.001, "secs": 1.0, "mins": 60.0, "hrs": 3600.0}
    unit = next(unit for unit in units if text.endswith(unit))
    return float(text.removesuffix(unit)) * units[unit]


def call(kind: str, **fields: object) -> bytes:
    return json.dumps({"type": kind, "framework_id": FRAMEWORK, "executor_id": EXECUTOR, **fields}).encode()


def journal(**words: object) -> None:
    os.write(JOURNAL, f"{json.dumps(words)}\n".encode())


class Calls:
    """One connection for all calls but SUBSCRIBE; they are sent without waiting for the answers."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def send(self, body: bytes) -> None:
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {HOST}:{PORT}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        for _ in range(2):  # a connection that was idle for long may be closed
            try:
                if self._socket is None:
                    self._socket = socket.create_connection((HOST, int(PORT)))
                    threading.Thread(target=self._answers, args=(self._socket,), daemon=True).start()
                self._socket.sendall(head.encode() + body)
            except OSError:
                self._socket = None
            else:
                return

    def _answers(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as answers:
            try:
                while line := answers.readline():
                    status = int(line.split()[1])
                    length = 0
                    while (header := answers.readline().lower()) not in (b"\r\n", b""):
                        if header.startswith(b"content-length:"):
                            length = int(header.split(b":")[1])
                    body = answers.read(length)
                    if status != 202:
                        journal(refused=status, why=body.decode())
            except OSError:
                pass
        if self._socket is connection:
            self._socket = None
        connection.close()


class Driver:
    """Stays subscribed, and remembers what was not acknowledged."""

    def __init__(self) -> None:
        self.calls = Calls()
        self.tasks: dict[str, Json] = {}
        self.updates: dict[str, Json] = {}
        self.lingers = False
        self._subscribed = False

    def run(self) -> None:
        deadline: float | None = None
        while True:
            try:
                for event in self._events():
                    deadline = None
                    self.receive(event)
            except (OSError, http.client.HTTPException) as error:
                journal(disconnected=repr(error))
            self._subscribed = False
            if not CHECKPOINT:
                sys.exit(4)
            deadline = deadline or time.monotonic() + seconds(os.environ["MESOS_RECOVERY_TIMEOUT"])
            if time.monotonic() > deadline:
                sys.exit(5)
            time.sleep(random.uniform(0.05, seconds(os.environ["MESOS_SUBSCRIPTION_BACKOFF_MAX"]) / 4))

    def _events(self) -> Iterator[Json]:
        body = call(
            "SUBSCRIBE",
            subscribe={
                "unacknowledged_tasks": list(self.tasks.values()),
                "unacknowledged_updates": [{"status": status} for status in self.updates.values()],
            },
        )
        connection = http.client.HTTPConnection(HOST, int(PORT))
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        connection.request("POST", PATH, body, headers)
        response = connection.getresponse()
        if response.status != 200:
            journal(refused=response.status, why=response.read().decode())
            return
        while length := response.readline():
            yield json.loads(response.read(int(length)))
        journal(disconnected="the stream ended")

    def receive(self, event: Json) -> None:
        kind = event["type"]
        journal(event=kind, task=_task_id(event), at=time.time())
        if kind == "SUBSCRIBED":
            self._subscribed = True
        elif kind == "LAUNCH":
            self.launch(event["launch"]["task"])
        elif kind == "LAUNCH_GROUP":
            for task in event["launch_group"]["task_group"]["tasks"]:
                self.launch(task)
        elif kind == "KILL":
            self.update(event["kill"]["task_id"]["value"], "TASK_KILLED")
        elif kind == "ACKNOWLEDGED":
            self.updates.pop(event["acknowledged"]["uuid"], None)
            self.tasks.pop(event["acknowledged"]["task_id"]["value"], None)
        elif kind == "MESSAGE":
            data = base64.b64decode(event["message"]["data"]).upper()
            self.calls.send(call("MESSAGE", message={"data": base64.b64encode(data).decode()}))
        elif kind == "SHUTDOWN" and not self.lingers:
            sys.exit(0)

    def launch(self, task: Json) -> None:
        task_id = task["task_id"]["value"]
        assert task_id not in self.tasks, f"{task_id} is here already"
        self.tasks[task_id] = task
        word = base64.b64decode(task.get("data", "")).decode().strip()
        self.lingers = self.lingers or word == "linger"
        if word == "exit":
            os._exit(3)
        if word == "staging":
            self.update(task_id, "TASK_STAGING")
        elif word != "quiet":
            self.update(task_id, "TASK_RUNNING")
        if word == "run":
            self.update(task_id, "TASK_FINISHED")
        if word == "gate":
            threading.Thread(target=self._finish_at_go, args=(task_id,), daemon=True).start()

    def _finish_at_go(self, task_id: str) -> None:
        while not Path("go").exists():
            time.sleep(0.02)
        self.update(task_id, "TASK_FINISHED")

    def update(self, task_id: str, state: str) -> None:
        number = base64.b64encode(uuid.uuid4().bytes).decode()
        status = {"task_id": {"value": task_id}, "state": state, "uuid": number, "source": "SOURCE_EXECUTOR"}
        self.updates[number] = status
        if self._subscribed:
            self.calls.send(call("UPDATE", update={"status": status}))


def _task_id(event: Json) -> str | None:
    inner = event.get(event["type"].lower(), {})
    named = inner.get("task_id") or inner.get("task", {}).get("task_id")
    return named["value"] if named else None


if __name__ == "__main__":
    journal(
        process=os.getpid(), environment={name: value for name, value in os.environ.items() if name != "_"}
    )
    Driver().run()
