"""Sends both daemons what nobody would: `python -m tests.integration.clients.fuzz --cases=100000 --seed=1`.

It starts a cluster, and ends with status 1 when a daemon answered with 500 or not at all, died, or kept what
it should not have. Each case is made of the seed, its number, and the ids that there are.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.integration.clients.cast import Cast
from tests.integration.clients.daemons import Local
from tests.integration.clients.imagination import Imagination
from tests.integration.clients.speech import JSON, PROTOBUF, ask
from tests.integration.masters import wait_until
from transport.pid import Address
from transport.record import Record
from transport.records import agent_call, executor_call, master_call, scheduler_call
from transport.records.enumeration import Enumeration

#: Calls whose answer goes on, or waits for something: it is left when it has begun, or soon.
_STREAMS = frozenset(
    {
        *("SUBSCRIBE", "LAUNCH_NESTED_CONTAINER_SESSION"),
        *("ATTACH_CONTAINER_INPUT", "ATTACH_CONTAINER_OUTPUT", "WAIT_CONTAINER", "WAIT_NESTED_CONTAINER"),
    }
)
#: Calls that would end the agent if they named it.
_FATAL = frozenset({"MARK_AGENT_GONE", "DRAIN_AGENT"})
_STREAM_SECONDS = 0.2
_ANSWER_SECONDS = 30.0
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")
_PATHS = (
    *("state", "state-summary", "slaves", "frameworks", "tasks", "roles", "flags", "health", "version"),
    *(
        "maintenance/schedule",
        "maintenance/status",
        "machine/down",
        "machine/up",
        "quota",
        "quota/r",
        "weights",
    ),
    *("reserve", "unreserve", "create-volumes", "destroy-volumes", "teardown", "metrics/snapshot", "metrics"),
    *("files/browse", "files/read", "files/download", "files/debug", "logging/toggle", "system/stats.json"),
    *(
        "monitor/statistics",
        "containers",
        "containerizer/debug",
        "help",
        "__processes__",
        "redirect",
        "state.json",
    ),
)
_ARGUMENTS = (
    "jsonp",
    "path",
    "offset",
    "length",
    "limit",
    "order",
    "slave_id",
    "framework_id",
    "level",
    "format",
)
_VALUES = (
    "",
    "a",
    "-1",
    "0",
    "9" * 25,
    "%00",
    "..%2f..%2fetc%2fpasswd",
    "%c0%af",
    "/master/log",
    "1.5",
    "desc",
)
#: What a daemon may keep more of than before, of things that it has some of.
_MORE = {"descriptors": 24, "threads": 12, "actors": 12}
_MORE_MEBIBYTES = 64


class Target(NamedTuple):
    """An API of a daemon."""

    daemon: str
    path: str
    call: type[Record]


_TARGETS = (
    Target("master", "/api/v1", master_call.Call),
    Target("master", "/api/v1/scheduler", scheduler_call.Call),
    Target("agent", "/api/v1", agent_call.Call),
    Target("agent", "/api/v1/executor", executor_call.Call),
)


class Case(NamedTuple):
    """A request; without a method, the body is all of it."""

    daemon: str
    method: str
    target: str
    body: bytes
    headers: dict[str, str]
    kind: str
    #: Whether the answer goes on.
    streams: bool = False


class Fuzz:
    """Cases of one seed, for a cluster."""

    def __init__(self, local: Local, cast: Cast, seed: int) -> None:
        self._local = local
        self._cast = cast
        self._seed = seed
        self._connections: dict[str, http.client.HTTPConnection] = {}
        #: How many cases of each kind there were, and how many answers of each status.
        self.kinds: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []

    def run(self, cases: int, first: int = 0) -> None:
        """Send so many."""
        for number in range(first, first + cases):
            case = self.case(number)
            self.kinds[case.kind] += 1
            try:
                status, body = self._send(case)
            except OSError as error:
                self._forget(case.daemon)
                self.faults.append(f"{self._seed}/{number}: {case.kind} {case.target}: {error!r}")
                continue
            self.statuses[status] += 1
            if status in (500, 503) or b"Traceback" in body:
                self.faults.append(
                    f"{self._seed}/{number}: {case.kind} {case.target}: {status} {body[:200]!r}"
                )
        for daemon in tuple(self._connections):
            self._forget(daemon)

    def case(self, number: int) -> Case:
        """That one."""
        random = Random(f"{self._seed}/{number}")
        make = random.choices((self._call, self._older, self._raw), (75, 20, 5))[0]
        return make(random)

    def _raw(self, random: Random) -> Case:
        call = self._call(random)
        request = Imagination(random, {}).raw(call.target, call.body)
        return Case(call.daemon, "", call.target, request, {}, f"raw {call.daemon}", streams=True)

    def _call(self, random: Random) -> Case:
        target = random.choice(_TARGETS)
        kinds: type[Enumeration] = getattr(target.call, "Type")  # noqa: B009
        kind = random.choice(list(kinds))
        names = {} if kind.value in _FATAL else self._cast.names
        imagination = Imagination(random, names)
        made = imagination.call(target.call, kind)
        form = random.choice((JSON, PROTOBUF))
        body = imagination.json(made) if form == JSON else imagination.protobuf(made, target.call)
        headers = {
            "Content-Type": form,
            "Accept": random.choice((*[JSON, PROTOBUF, "*/*"] * 3, "application/recordio")),
        }
        if random.random() < 0.7:
            headers |= self._cast.headers
        elif random.random() < 0.3:
            headers["Mesos-Stream-Id"] = random.choice(("", "x", "00000000-0000-0000-0000-000000000000"))
        return Case(
            target.daemon,
            "POST",
            target.path,
            body,
            headers,
            f"{target.daemon} {target.path} {form}",
            _streams(body, kind),
        )

    def _older(self, random: Random) -> Case:
        daemon = random.choice(("master", "agent"))
        path = random.choice(_PATHS)
        arguments = random.sample(_ARGUMENTS, random.choice((0, 1, 1, 2)))
        query = "&".join(f"{name}={random.choice(_VALUES)}" for name in arguments)
        method = random.choice(("GET", "GET", "POST", random.choice(_METHODS)))
        body = b""
        if method in ("POST", "PUT"):
            imagination = Imagination(random, {})
            call = imagination.call(master_call.Call, random.choice(list(master_call.Call.Type)))
            fields = "&".join(f"{name}={json.dumps(value)}" for name, value in call.items()).encode(
                errors="replace"
            )
            body = random.choice((imagination.json(call), fields, b"slaveId=x&resources=[]", b"[]", b""))
        return Case(daemon, method, f"/{path}?{query}", body, {}, f"v0 {daemon}")

    def _send(self, case: Case) -> tuple[int, bytes]:
        if case.streams:
            return self._begin(case)
        connection = self._connections.get(case.daemon)
        if connection is None:
            connection = self._connections[case.daemon] = self._connection(case, _ANSWER_SECONDS)
        try:
            connection.request(case.method, case.target, case.body, case.headers)
            response = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # It was closed since the answer before.
            self._forget(case.daemon)
            connection = self._connections[case.daemon] = self._connection(case, _ANSWER_SECONDS)
            connection.request(case.method, case.target, case.body, case.headers)
            response = connection.getresponse()
        if response.headers.get("Transfer-Encoding") == "chunked":
            self._forget(case.daemon)
            return response.status, b""
        return response.status, response.read()

    def _begin(self, case: Case) -> tuple[int, bytes]:
        """Leave when the answer has begun, or does not soon."""
        connection = self._connection(case, _STREAM_SECONDS)
        with contextlib.closing(connection):
            if not case.method:
                return self._begin_raw(connection, case.body)
            connection.request(case.method, case.target, case.body, case.headers)
            try:
                response = connection.getresponse()
                return response.status, b"" if response.status == 200 else response.read()
            except TimeoutError:
                return 0, b""

    def _begin_raw(self, connection: http.client.HTTPConnection, request: bytes) -> tuple[int, bytes]:
        connection.connect()
        try:
            connection.sock.sendall(request)
            told = connection.sock.recv(65536)
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            return 0, b""
        return int(told[9:12]) if told else 0, told

    def _connection(self, case: Case, seconds: float) -> http.client.HTTPConnection:
        address: Address = getattr(self._local, case.daemon)
        return http.client.HTTPConnection(address.host, address.port, timeout=seconds)

    def _forget(self, daemon: str) -> None:
        connection = self._connections.pop(daemon, None)
        if connection is not None:
            connection.close()


class Keeping:
    """What the daemons keep, and whether it is more than at the beginning."""

    def __init__(self, local: Local) -> None:
        self._local = local
        self._processes = {daemon: local.process_of(daemon) for daemon in ("master", "agent")}
        self._before = {daemon: self._kept(daemon) for daemon in self._processes}
        self._resident = {daemon: _resident_mebibytes(pid) for daemon, pid in self._processes.items()}

    def check(self) -> Iterator[str]:
        """What is wrong when all has calmed down; raises AssertionError where it does not."""
        for daemon, pid in self._processes.items():
            if self._local.process_of(daemon) != pid:
                yield f"the {daemon} died"
                return
            self._wait(daemon)
            grown = _resident_mebibytes(pid) - self._resident[daemon]
            if grown > _MORE_MEBIBYTES:
                yield f"the {daemon} has {grown:.0f} MiB more"
        for log in (self._local.folder / "logs").glob("*.log"):
            if "Traceback" in (text := log.read_text()):
                yield f"{log.name}: {text[text.index('Traceback') - 500 :][:3000]}"

    def _wait(self, daemon: str) -> None:
        wait_until(lambda: not self._more(daemon), lambda: f"{daemon} lets go: {self._more(daemon)}")

    def _more(self, daemon: str) -> dict[str, tuple[int, int]]:
        """What there is too much of: before, and now."""
        before, now = self._before[daemon], self._kept(daemon)
        return {name: (before[name], now[name]) for name in now if now[name] > before[name] + _MORE[name]}

    def _kept(self, daemon: str) -> dict[str, int]:
        process = Path(f"/proc/{self._processes[daemon]}")
        address: Address = getattr(self._local, daemon)
        metrics = json.loads(ask(address, "GET", "/metrics/snapshot").body)
        return {
            "descriptors": len(list((process / "fd").iterdir())),
            "threads": len(list((process / "task").iterdir())),
            "actors": sum(name.startswith("node/turns/") for name in metrics),
        }


def _resident_mebibytes(pid: int) -> float:
    (line,) = (one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in one)
    return int(line.split()[1]) / 1024


def _streams(body: bytes, kind: Enumeration) -> bool:
    """Whether the answer may go on: of damaged bodies, all that may say so."""
    return kind.value in _STREAMS or any(name.encode() in body for name in _STREAMS)


def main() -> int:
    """Run as many cases as asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Local(Path(folder)) as local:
        with Cast(local) as cast:
            warm = Fuzz(local, cast, arguments.seed + 1)
            warm.run(min(1_000, arguments.cases))
            keeping = Keeping(local)
            fuzz = Fuzz(local, cast, arguments.seed)
            began = time.monotonic()
            fuzz.run(arguments.cases, arguments.first)
            seconds = time.monotonic() - began
        faults = [*warm.faults, *fuzz.faults, *keeping.check()]
    report = [f"{arguments.cases} cases of seed {arguments.seed} in {seconds:.0f} s"]
    report += [f"  {count:7} {kind}" for kind, count in sorted(fuzz.kinds.items())]
    report += [f"  {count:7} answers of {status}" for status, count in sorted(fuzz.statuses.items())]
    report += [f"FAULT {fault}" for fault in faults] or ["no fault"]
    sys.stdout.write("\n".join(report) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
