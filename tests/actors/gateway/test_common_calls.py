"""The calls that both daemons answer, of each daemon's own kind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from actors import MESOS_VERSION
from actors.gateway.attached import AttachedPath
from actors.gateway.common_calls import common_calls
from actors.gateway.files import Files
from actors.gateway.operator import OperatorApi
from actors.master.flags import MasterFlags
from actors.metrics import Gauge, Metrics, Registry, metric
from tests.actors.gateway.fronts import Answers, front
from transport.http.exchange import HttpError, Request, Response
from transport.http.media_type import Encoding
from transport.messages.node import ReadVerbosity, SetVerbosity, Verbosity
from transport.records import agent_call, agent_response, master_call, master_response

DAEMONS = [(master_call.Call, master_response.Response), (agent_call.Call, agent_response.Response)]


class Measured(Metrics):
    elected: Gauge = metric(Gauge, "master/elected", "Whether it leads.")


class Daemon:
    """One daemon's operator API, with only these calls."""

    def __init__(self, folder: Path, call: Any, response: Any) -> None:
        self.answers = Answers({ReadVerbosity: Verbosity(1), SetVerbosity: Verbosity(2)}, [])
        measured, registry = Measured(), Registry()
        measured.elected.set(1)
        registry.add(measured)
        flags = MasterFlags(cluster="paas", zk="zk://bob:secret@10.0.0.9:2181/mesos")
        files = Files([AttachedPath("/box", folder)])
        handlers = common_calls(front(self.answers, registry), flags, files, call, response)
        self._api = OperatorApi(call, handlers)
        self.call, self.response = call, response

    def raw(self, call: Any, encoding: Encoding) -> Response:
        headers = {"content-type": encoding.value, "accept": encoding.value}
        body = encoding.encode(call)
        request = Request(method="POST", target="/api/v1", headers=headers, body=body)
        answer = asyncio.run(self._api.handle(request))
        assert isinstance(answer, Response)
        return answer

    def ask(self, name: str, **values: Any) -> Any:
        """The answer, which is the same in both forms."""
        call = self.call(type=self.call.Type[name], **values)
        answers = []
        for encoding in Encoding:
            response = self.raw(call, encoding)
            assert isinstance(response.body, bytes)
            answers.append(encoding.decode(response.body, self.response))
        assert answers[0] == answers[1]
        assert answers[0].type.name == name
        return getattr(answers[0], name.lower())


@pytest.fixture(params=DAEMONS, ids=["master", "agent"])
def daemon(request: pytest.FixtureRequest, tmp_path: Path) -> Daemon:
    return Daemon(tmp_path, *request.param)


def test_a_daemon_tells_of_itself(daemon: Daemon) -> None:
    assert daemon.ask("GET_HEALTH").healthy
    assert daemon.ask("GET_VERSION").version_info.version == MESOS_VERSION
    flags = {flag.name: flag.value for flag in daemon.ask("GET_FLAGS").flags}
    assert (flags["cluster"], flags["zk"]) == ("paas", "zk://bob:***@10.0.0.9:2181/mesos")
    (metric,) = daemon.ask("GET_METRICS", get_metrics=daemon.call.GetMetrics()).metrics
    assert (metric.name, metric.value) == ("master/elected", 1.0)


def test_the_level_of_the_log_is_told_and_set(daemon: Daemon) -> None:
    assert daemon.ask("GET_LOGGING_LEVEL").level == 1
    wanted = Encoding.JSON.decode(
        b'{"type":"SET_LOGGING_LEVEL","set_logging_level":{"level":2,"duration":{"nanoseconds":1500000000}}}',
        daemon.call,
    )
    assert daemon.raw(wanted, Encoding.JSON) == Response()
    assert daemon.answers.asked[-1] == ("node", SetVerbosity(2, 1.5))


@pytest.mark.parametrize("nanoseconds", [-1, 2**62])
def test_a_level_is_not_set_for_ever(daemon: Daemon, nanoseconds: int) -> None:
    wanted = Encoding.JSON.decode(
        b'{"type":"SET_LOGGING_LEVEL","set_logging_level":{"level":2,"duration":{"nanoseconds":%d}}}'
        % nanoseconds,
        daemon.call,
    )
    with pytest.raises(HttpError, match=r"^duration: must be") as refused:
        daemon.raw(wanted, Encoding.JSON)
    assert refused.value.response.status == 400


def test_files_are_listed_and_read(daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x00\xff123")
    (file,) = daemon.ask("LIST_FILES", list_files=daemon.call.ListFiles(path="/box")).file_infos
    assert (file.path, file.size) == ("/box/file", 5)
    read = daemon.call.ReadFile(path="/box/file", offset=1, length=2)
    portion = daemon.ask("READ_FILE", read_file=read)
    assert (portion.size, portion.data) == (5, b"\xff1")
    rest = daemon.call.ReadFile(path="/box/file", offset=3)
    assert daemon.ask("READ_FILE", read_file=rest).data == b"23"
    beyond = daemon.call.ReadFile(path="/box/file", offset=2**64 - 1)
    assert daemon.ask("READ_FILE", read_file=beyond).data == b""


def test_very_many_files_are_listed(daemon: Daemon, tmp_path: Path) -> None:
    for number in range(600):
        (tmp_path / f"{number:03}").touch()
    found = daemon.ask("LIST_FILES", list_files=daemon.call.ListFiles(path="/box")).file_infos
    assert [one.path for one in found] == [f"/box/{number:03}" for number in range(600)]


def test_files_that_are_not_shown_are_refused(daemon: Daemon) -> None:
    for path, status in (("/box/none", 404), ("/box/../x", 400), ("/box/\0", 400), ("", 404)):
        call = daemon.call(type=daemon.call.Type.LIST_FILES, list_files=daemon.call.ListFiles(path=path))
        with pytest.raises(HttpError) as refused:
            daemon.raw(call, Encoding.JSON)
        assert refused.value.response.status == status
