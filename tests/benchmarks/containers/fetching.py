"""A small file in the sandbox, fetched by HTTP: how much later does the task run?"""

from __future__ import annotations

import functools
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from msgspec.structs import replace

from tests.benchmarks.figure import Figure, Size, alone, at_most, percentile_of
from tests.benchmarks.launch.cluster import cluster
from tests.benchmarks.launch.framework import DEADLINE_SECONDS, Driver, driver
from tests.benchmarks.launch.tasks import true
from transport.records.command import CommandInfo
from transport.records.offer import Offer
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState

_LAUNCHES = 30
_NAME = "small"
_BYTES = 1024
_COMMAND = f"test -s {_NAME}"


def figures(size: Size) -> Iterator[Figure]:
    with _served() as address, cluster() as running, driver(running.address) as framework:
        uris = {
            "http": CommandInfo.URI(value=f"{address}/{_NAME}"),
            "cached": CommandInfo.URI(value=f"{address}/{_NAME}", cache=True),
        }
        without = _accept_to_running(framework, size.of(_LAUNCHES, least=3), None)
        for name, uri in uris.items():
            later = _accept_to_running(framework, size.of(_LAUNCHES, least=3), uri) - without
            yield alone(f"containers.fetch_small_file.{name}", "ms more than without", [later], at_most(100))


def _accept_to_running(framework: Driver, times: int, uri: CommandInfo.URI | None) -> float:
    """Milliseconds, the median of so many after one."""
    milliseconds = []
    for _ in range(times + 1):
        framework.run(lambda offer: [_task(offer, uri)])
        heard = next(reversed(framework.bench.heard.values()))
        assert TaskState.TASK_FINISHED in heard, next(reversed(framework.bench.last.values()))
        milliseconds.append((heard[TaskState.TASK_RUNNING] - framework.bench.accepted) * 1000)
        assert framework.bench.offered.wait(DEADLINE_SECONDS)
    return percentile_of(milliseconds[1:], 50)


def _task(offer: Offer, uri: CommandInfo.URI | None) -> TaskInfo:
    if uri is None:
        return true(offer)
    return replace(true(offer), command=CommandInfo(value=_COMMAND, uris=(uri,)))


@contextmanager
def _served() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="pion-bench-") as folder:
        (Path(folder) / _NAME).write_bytes(b"x" * _BYTES)
        handler = functools.partial(_Quiet, directory=folder)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name above
        pass
