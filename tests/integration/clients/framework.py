"""A scheduler on the v1 API in JSON, as tests need it: it acknowledges updates, and remembers all events."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from tests.actors.gateway.browser import Answer
from tests.integration.clients.speech import DEADLINE_SECONDS, Stream, call
from transport.pid import Address

SCHEDULER = "/api/v1/scheduler"

Event = dict[str, Any]


class Framework:
    """Subscribed for as long as its `with` block runs; then torn down."""

    def __init__(self, master: Address, **info: Any) -> None:
        self.master = master
        self.events: list[Event] = []
        self.stream = Stream(
            master,
            {"type": "SUBSCRIBE", "subscribe": {"framework_info": {"user": "root", **info}}},
            SCHEDULER,
        )
        assert self.stream.response.status == 200, self.stream.response.read()
        self.id = self.next("SUBSCRIBED")["subscribed"]["framework_id"]["value"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.call("TEARDOWN")
        self.stream.close()

    def call(self, kind: str, content: object = None) -> Answer:
        """Any call beside the stream."""
        body: Event = {"type": kind, "framework_id": {"value": self.id}}
        if content is not None:
            body[kind.lower()] = content
        return call(self.master, body, SCHEDULER, headers={"Mesos-Stream-Id": self.stream.id})

    def next(self, kind: str) -> Event:
        """Take events until one of that type comes."""
        return self.take(lambda event: event["type"] == kind)

    def take(self, wanted: Callable[[Event], object]) -> Event:
        """Take events until that one comes; updates are acknowledged as they come."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        for event in self.stream:
            assert time.monotonic() < deadline, f"it does not come: {self.events}"
            self.events.append(event)
            if event["type"] == "UPDATE":
                self._acknowledge(event["update"]["status"])
            if wanted(event):
                return event
        raise AssertionError(f"the stream ended: {self.events[-3:]}")

    def offer(self) -> Event:
        """The next offer; others that came with it are left alone."""
        offer: Event = self.next("OFFERS")["offers"]["offers"][0]
        return offer

    def accept(self, offer: Event, tasks: Sequence[Event], refuse_seconds: float = 0.1) -> Answer:
        """Launch tasks on an offer, each by an operation of its own; they need neither agent nor name."""
        infos = [{"name": "task", "agent_id": offer["agent_id"], **task} for task in tasks]
        launches = [{"type": "LAUNCH", "launch": {"task_infos": [info]}} for info in infos]
        filters = {"refuse_seconds": refuse_seconds}
        content = {"offer_ids": [offer["id"]], "operations": launches, "filters": filters}
        return self.call("ACCEPT", content)

    def statuses(self, task: str = "") -> list[Event]:
        """What was told of a task, or of all, in order."""
        told = [event["update"]["status"] for event in self.events if event["type"] == "UPDATE"]
        return [status for status in told if not task or status["task_id"]["value"] == task]

    def reaches(self, task: str, state: str) -> Event:
        """Take events until that task is told to be in that state; returns the status."""
        for status in self.statuses(task):
            if status["state"] == state:
                return status

        def told(event: Event) -> bool:
            status = event["update"]["status"] if event["type"] == "UPDATE" else None
            return status is not None and (status["task_id"]["value"], status["state"]) == (task, state)

        found: Event = self.take(told)["update"]["status"]
        return found

    def _acknowledge(self, status: Event) -> None:
        if "uuid" in status:
            content = {name: status[name] for name in ("agent_id", "task_id", "uuid")}
            answer = self.call("ACKNOWLEDGE", content)
            assert answer.status == 202, answer


def scalar(name: str, value: float) -> Event:
    """A resource."""
    return {"name": name, "type": "SCALAR", "scalar": {"value": value}}


def task(name: str, command: str, **more: Any) -> Event:
    """A small task that runs a shell command."""
    resources = [scalar("cpus", 0.1), scalar("mem", 32)]
    return {"task_id": {"value": name}, "resources": resources, "command": {"value": command}, **more}
