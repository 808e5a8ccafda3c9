"""A dockerd that is told what to do wrong: it speaks HTTP on a socket, and runs nothing."""

from __future__ import annotations

import json
import re
import socketserver
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, TypeAlias

#: Answers a request, or does with the connection what it likes.
Answer: TypeAlias = Callable[["Exchange"], None]

NEVER = "0001-01-01T00:00:00Z"


class Exchange(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.dockerd.open += 1

    def finish(self) -> None:
        super().finish()
        self.server.dockerd.open -= 1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its name above
        pass

    def address_string(self) -> str:
        return "client"

    def _answer(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        self.where = re.sub(r"^/v[0-9.]+", "", parts.path)
        self.query = dict(urllib.parse.parse_qsl(parts.query))
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        self.body: Any = json.loads(text) if text else {}
        self.server.dockerd.answer(self)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815  the names that the server looks for

    # What it may be answered.

    def say(self, status: int, answer: object = None) -> None:
        """Answer as it should be."""
        data = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status: int, text: str) -> None:
        """Answer with an error."""
        self.say(status, {"message": text})

    def perform(self) -> None:
        """Do what was asked for, and answer."""
        self.server.dockerd.perform(self)

    def lose(self) -> None:
        """Do it, and be gone without an answer."""
        self.wfile, kept = _Nowhere(), self.wfile  # type: ignore[assignment]
        self.perform()
        self.wfile = kept
        self.close_connection = True

    def truncate(self) -> None:
        """Send half an answer."""
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b'{"Id": "ab')
        self.close_connection = True

    def stream(self, steps: Iterator[dict[str, Any]]) -> None:
        """Answer piece by piece."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for step in steps:
                line = json.dumps(step).encode() + b"\r\n"
                self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True


class _Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None:
        pass


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128
    dockerd: FakeDockerd


class FakeDockerd:
    """Containers that only seem to run; must be stopped."""

    def __init__(self, folder: Path) -> None:
        self.socket = str(folder / "docker.sock")
        self.folder = folder
        self.images = {"busybox"}
        #: By name, as an inspect shows them.
        self.containers: dict[str, dict[str, Any]] = {}
        self.execs: dict[str, dict[str, Any]] = {}
        #: What was asked for: method and path.
        self.asked: list[str] = []
        #: How many connections there are.
        self.open = 0
        #: How often each container was started.
        self.starts: dict[str, int] = {}
        self._plans: list[tuple[str, Answer, int]] = []
        self._lock = threading.RLock()
        #: Set: whatever stalls goes on.
        self.released = threading.Event()
        self._server = _Server(self.socket, Exchange)
        self._server.dockerd = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer nobody any more."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        Path(self.socket).unlink(missing_ok=True)

    # What goes wrong.

    def plan(self, pattern: str, answer: Answer, times: int = 1) -> None:
        """Have the next so many requests `METHOD /path` that match answered like this."""
        with self._lock:
            self._plans.append((pattern, answer, times))

    def stall(self, exchange: Exchange) -> None:
        """Hang until released, then do what was asked for."""
        self.released.wait(60)
        exchange.perform()

    def count(self, pattern: str) -> int:
        """How often it was asked for that."""
        return sum(re.fullmatch(pattern, one) is not None for one in self.asked)

    # What it does.

    def end(self, name: str, code: int = 0, **state: Any) -> None:
        """Have a container end."""
        with self._lock:
            finished = "2026-01-01T00:00:00.123456789Z"
            ended = {"Status": "exited", "Running": False, "Pid": 0, "ExitCode": code, "FinishedAt": finished}
            self.containers[name]["State"].update({**ended, **state})

    def journal(self, name: str) -> Path:
        """Where what a container writes is kept."""
        return self.folder / "journals" / name / "log"

    def answer(self, exchange: Exchange) -> None:
        """Answer a request."""
        asked = f"{exchange.command} {exchange.where}"
        with self._lock:
            self.asked.append(asked)
            act: Answer = Exchange.perform
            for number, (pattern, answer, times) in enumerate(self._plans):
                if re.fullmatch(pattern, asked):
                    self._plans[number] = (pattern, answer, times - 1)
                    if times == 1:
                        del self._plans[number]
                    act = answer
                    break
        try:
            act(exchange)
        except OSError:  # who asked is gone
            exchange.close_connection = True

    def perform(self, exchange: Exchange) -> None:
        """Do what is asked for."""
        with self._lock:
            for pattern, act in _ACTS:
                found = re.fullmatch(pattern, f"{exchange.command} {exchange.where}")
                if found is not None:
                    act(self, exchange, *found.groups())
                    return
        exchange.refuse(404, "page not found")

    def _create(self, exchange: Exchange) -> None:
        name, body = exchange.query["name"], exchange.body
        if body["Image"] not in self.images:
            exchange.refuse(404, f"No such image: {body['Image']}")
        elif name in self.containers:
            exchange.refuse(409, f'The container name "/{name}" is already in use')
        else:
            journal = self.journal(name)
            journal.parent.mkdir(parents=True)
            journal.touch()
            self.containers[name] = {
                "Id": f"{len(self.asked):064x}",
                "Config": {"Labels": body["Labels"]},
                "HostConfig": body["HostConfig"],
                "LogPath": str(journal),
                "State": {
                    "Status": "created",
                    "Running": False,
                    "Pid": 0,
                    "ExitCode": 0,
                    "FinishedAt": NEVER,
                },
            }
            exchange.say(201, {"Id": self.containers[name]["Id"]})

    def _info(self, exchange: Exchange) -> None:
        exchange.say(200, {"SystemTime": "2026-01-02T00:00:00.5+00:00"})

    def _start(self, exchange: Exchange, name: str) -> None:
        if not self._has(exchange, name):
            return
        state = self.containers[name]["State"]
        if state["Running"]:
            exchange.say(304)
            return
        self.starts[name] = self.starts.get(name, 0) + 1
        state.update(Status="running", Running=True, Pid=2**30)
        exchange.say(204)

    def _inspect(self, exchange: Exchange, name: str) -> None:
        name = self._named(name)
        if self._has(exchange, name):
            exchange.say(200, self.containers[name])

    def _list(self, exchange: Exchange) -> None:
        filters = json.loads(exchange.query["filters"])
        wanted = dict(label.split("=", 1) for label in filters["label"])
        found = [
            {"Id": one["Id"], "Names": [f"/{name}"], "Labels": one["Config"]["Labels"]}
            for name, one in self.containers.items()
            if one["State"]["Status"] in filters["status"]
            and wanted.items() <= one["Config"]["Labels"].items()
        ]
        exchange.say(200, found)

    def _kill(self, exchange: Exchange, name: str) -> None:
        if self._has(exchange, name):
            number = int(exchange.query["signal"])
            if not self.containers[name]["State"]["Running"]:
                exchange.refuse(409, f"Container {name} is not running")
                return
            if number in (9, 15):
                self.end(name, 128 + number)
            exchange.say(204)

    def _remove(self, exchange: Exchange, name: str) -> None:
        name = self._named(name)
        if self._has(exchange, name):
            del self.containers[name]
            exchange.say(204)

    def _update(self, exchange: Exchange, name: str) -> None:
        if self._has(exchange, name):
            self.containers[name]["HostConfig"].update(exchange.body)
            exchange.say(200, {"Warnings": []})

    def _pull(self, exchange: Exchange) -> None:
        repository, tag = exchange.query["fromImage"], exchange.query["tag"]
        self.images |= {repository, f"{repository}:{tag}"}
        exchange.stream(iter([{"status": "Pulling"}, {"status": "Done"}]))

    def _named(self, name: str) -> str:
        """The name of a container that is told by that, or by its id."""
        return next((known for known, one in self.containers.items() if one["Id"] == name), name)

    def _has(self, exchange: Exchange, name: str) -> bool:
        if name not in self.containers:
            exchange.refuse(404, f"No such container: {name}")
        return name in self.containers


_ACTS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("POST /containers/create", FakeDockerd._create),
    ("GET /info", FakeDockerd._info),
    ("GET /containers/json", FakeDockerd._list),
    ("POST /containers/([^/]+)/start", FakeDockerd._start),
    ("GET /containers/([^/]+)/json", FakeDockerd._inspect),
    ("POST /containers/([^/]+)/kill", FakeDockerd._kill),
    ("POST /containers/([^/]+)/update", FakeDockerd._update),
    ("DELETE /containers/([^/]+)", FakeDockerd._remove),
    ("POST /images/create", FakeDockerd._pull),
)
