"""Mesos' v1 API by hand: a framework with nothing but Python's standard library, for any Mesos.

    python -m frameworks.examples.by_hand 127.0.0.1:5050 'echo hello'

It runs a command once and tells what it hears. In other languages it would look the same: one connection,
whose answer never ends, brings events, each a length in digits, a newline, and so much JSON; another takes
calls.
"""

from __future__ import annotations

import getpass
import http.client
import json
import sys
from collections.abc import Iterator
from typing import Any

_PATH = "/api/v1/scheduler"
_TASK = "by-hand"
_GOING_ON = ("TASK_STAGING", "TASK_STARTING", "TASK_RUNNING")


class Framework:
    """Subscribed for as long as `events` are read; raises OSError when the master cannot be reached."""

    def __init__(self, master: str) -> None:
        """`master` is host:port of the one that leads."""
        self._stream = http.client.HTTPConnection(master)
        self._calls = http.client.HTTPConnection(master)
        self._headers = {"Content-Type": "application/json"}
        self._id: object = None

    def events(self) -> Iterator[dict[str, Any]]:
        """Subscribe, and give each event as it comes."""
        info = {"user": getpass.getuser(), "name": "by-hand"}
        call = {"type": "SUBSCRIBE", "subscribe": {"framework_info": info}}
        self._stream.request("POST", _PATH, json.dumps(call), self._headers)
        response = self._stream.getresponse()
        if response.status != http.client.OK:
            raise ConnectionError(f"{response.status}: {response.read().decode().strip()}")
        self._headers["Mesos-Stream-Id"] = response.headers["Mesos-Stream-Id"]
        while length := response.readline():
            event = json.loads(response.read(int(length)))
            if event["type"] == "SUBSCRIBED":
                self._id = event["subscribed"]["framework_id"]
            yield event

    def call(self, kind: str, **fields: object) -> None:
        """Say something to the master, which answers by events."""
        call = {"type": kind, "framework_id": self._id, kind.lower(): fields}
        self._calls.request("POST", _PATH, json.dumps(call), self._headers)
        response = self._calls.getresponse()
        text = response.read().decode().strip()
        if response.status != http.client.ACCEPTED:
            raise ConnectionError(f"{kind}: {response.status}: {text}")

    def launch(self, offer: dict[str, Any], command: str) -> None:
        """Run a command on what was offered."""
        amounts = {"cpus": 0.1, "mem": 32.0}
        task = {
            "name": _TASK,
            "task_id": {"value": _TASK},
            "agent_id": offer["agent_id"],
            "command": {"value": command},
            "resources": [
                {"name": name, "type": "SCALAR", "scalar": {"value": value}}
                for name, value in amounts.items()
            ],
        }
        launch = {"type": "LAUNCH", "launch": {"task_infos": [task]}}
        self.call("ACCEPT", offer_ids=[offer["id"]], operations=[launch])

    def acknowledge(self, status: dict[str, Any]) -> None:
        """Say that an update was dealt with; the next one comes then."""
        if "uuid" in status:
            self.call("ACKNOWLEDGE", **{name: status[name] for name in ("agent_id", "task_id", "uuid")})


def run(master: str, command: str) -> bool:
    """Run a command once, and say what is heard; returns whether it finished."""
    framework, launched = Framework(master), False
    for event in framework.events():
        sys.stdout.write(f"{event['type']}\n")
        if event["type"] == "OFFERS" and not launched:
            framework.launch(event["offers"]["offers"][0], command)
            launched = True
        elif event["type"] == "UPDATE":
            status = event["update"]["status"]
            sys.stdout.write(f"  {status['state']} {status.get('message', '')}".rstrip() + "\n")
            framework.acknowledge(status)
            if status["state"] not in _GOING_ON:
                framework.call("TEARDOWN")
                return bool(status["state"] == "TASK_FINISHED")
    raise ConnectionError("the master has ended the stream")


def main(words: list[str]) -> int:
    """Run it as a program."""
    if len(words) != 2:
        sys.stderr.write("usage: by_hand MASTER COMMAND\n")
        return 2
    try:
        return 0 if run(*words) else 1
    except OSError as error:
        sys.stderr.write(f"by_hand: {words[0]}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
