"""A framework that is there while others are fuzzed: its ids, its stream and its offers are real."""

from __future__ import annotations

import contextlib
import http.client
import threading
from types import TracebackType
from typing import Any, Self

from tests.integration.clients.daemons import Local
from tests.integration.clients.framework import SCHEDULER, Event, scalar, task
from tests.integration.clients.imagination import Names
from tests.integration.clients.speech import Stream, call

_INFO = {"user": "root", "name": "cast", "role": "fuzz", "failover_timeout": 0}
#: It does not end when it is told to.
_SOON = {"shutdown_grace_period": {"nanoseconds": 100_000_000}}
#: Offers that it remembers.
_OFFERS = 4


class Cast:
    """Subscribed while its `with` block runs, anew whenever its stream ends; it acknowledges updates."""

    def __init__(self, local: Local) -> None:
        self._local = local
        self._stream: Stream | None = None
        self._framework_id = ""
        self._offers: list[Event] = []
        self._ended = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        # Its stream ends, and with it the thread that reads there.
        with contextlib.suppress(OSError):
            self._call("TEARDOWN")
        self._thread.join()

    @property
    def headers(self) -> dict[str, str]:
        """Of a call that is its own."""
        stream = self._stream
        return {} if stream is None else {"Mesos-Stream-Id": stream.id}

    @property
    def names(self) -> Names:
        """Who there is."""
        offers = [offer["id"]["value"] for offer in self._offers]
        agents = [offer["agent_id"]["value"] for offer in self._offers]
        own = {"FrameworkID": [self._framework_id], "ExecutorID": ["own"], "TaskID": ["own", "plain"]}
        return {**own, "OfferID": offers, "AgentID": agents}

    def _run(self) -> None:
        while not self._ended.is_set():
            body = {"type": "SUBSCRIBE", "subscribe": {"framework_info": _INFO}}
            with (
                contextlib.suppress(OSError, http.client.HTTPException),
                Stream(self._local.master, body, SCHEDULER) as stream,
            ):
                self._follow(stream)

    def _follow(self, stream: Stream) -> None:
        launched = False
        for event in stream:
            match event["type"]:
                case "SUBSCRIBED":
                    self._framework_id = event["subscribed"]["framework_id"]["value"]
                    self._stream = stream
                case "OFFERS":
                    self._offers = [*self._offers, *event["offers"]["offers"]][-_OFFERS:]
                    if not launched:
                        self._launch(self._offers[-1])
                        launched = True
                case "UPDATE" if "uuid" in event["update"]["status"]:
                    status = event["update"]["status"]
                    # Then the agent has all that it needs.
                    if status["state"] == "TASK_RUNNING":
                        self._ready.set()
                    self._call(
                        "ACKNOWLEDGE", {name: status[name] for name in ("agent_id", "task_id", "uuid")}
                    )

    def _launch(self, offer: Event) -> None:
        executor = {"executor_id": {"value": "own"}, "command": {"value": "sleep 600"}, **_SOON}
        own: dict[str, Any] = {**task("own", ""), "executor": {**executor, "resources": [scalar("mem", 32)]}}
        del own["command"]
        tasks = [
            {"name": "t", "agent_id": offer["agent_id"], **one} for one in (own, task("plain", "sleep 600"))
        ]
        launch = {"type": "LAUNCH", "launch": {"task_infos": tasks}}
        content = {"offer_ids": [offer["id"]], "operations": [launch], "filters": {"refuse_seconds": 0}}
        self._call("ACCEPT", content)

    def _call(self, kind: str, content: object = None) -> None:
        body: Event = {"type": kind, "framework_id": {"value": self._framework_id}}
        if content is not None:
            body[kind.lower()] = content
        call(self._local.master, body, SCHEDULER, headers=self.headers)
