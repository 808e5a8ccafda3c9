"""What is answered to calls of executors, in the order of mesos-protocol.md §3.1."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from actors.units import Duration
from tests.actors.agent.http.conversation import STATUS, call
from tests.actors.agent.http.site import HttpExecutor, Site
from tests.actors.agent.stage import Stage, custom, task
from transport.http.exchange import Request, Response
from transport.http.media_type import Encoding
from transport.messages.checkpointing import AgentRecovered
from transport.records.executor_call import Call
from transport.records.ids import ExecutorID, FrameworkID

_TYPE = Call.Type
_JSON = {"content-type": "application/json", "accept": "application/json"}
SUBSCRIBE = call(_TYPE.SUBSCRIBE, subscribe=Call.Subscribe())
UPDATE = call(_TYPE.UPDATE, update=Call.Update(status=replace(STATUS, executor_id=None)))
MESSAGE = call(_TYPE.MESSAGE, message=Call.Message(data=b"x"))
HEARTBEAT = call(_TYPE.HEARTBEAT)


def launched(**flags: object) -> Site:
    """An agent whose executor has been started, and has not subscribed."""
    site = Site(Stage(**flags))  # type: ignore[arg-type]
    site.stage.run_task(task(executor=custom()))
    return site


def raw(
    site: Site, method: str = "POST", body: bytes = b"{}", headers: Mapping[str, str] = _JSON
) -> Response:
    answer = site.request(Request(method=method, target="/api/v1/executor", headers=headers, body=body))
    assert isinstance(answer, Response)
    return answer


def test_an_agent_that_reads_its_books_says_503_to_everything() -> None:
    site = launched()
    hold = site.stage.sim.hold(AgentRecovered)
    site.restart()
    for answer in (raw(site, "GET"), raw(site, headers={}), raw(site, body=b"nonsense")):
        assert (answer.status, answer.body) == (503, b"Agent has not finished recovery\n")
        assert answer.headers["Retry-After"]
    assert site.said(HEARTBEAT)[0] == site.said(SUBSCRIBE)[0] == 503

    hold.release()
    site.stage.run(0.1)
    assert raw(site, "GET").status == 405
    assert site.said(HEARTBEAT)[0] == 202


def test_only_post_is_answered() -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = raw(Site(), method, headers={})
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("headers", "body", "status", "words"),
    [
        ({"accept": "nothing"}, b"", 400, "Content-Type: must be given"),
        ({"content-type": "text/plain", "accept": "nothing"}, b"", 415, "Content-Type"),
        (_JSON | {"accept": "nothing"}, b"{", 400, "body"),
        (_JSON | {"accept": "nothing"}, b'{"type": "SUBSCRIBE"}', 400, "executor_id"),
        (
            _JSON | {"accept": "nothing"},
            b'{"type": "SUBSCRIBE", "framework_id": {"value": "f"}, "executor_id": {"value": "e"}}',
            400,
            "subscribe: must be given if type is SUBSCRIBE",
        ),
        (
            _JSON | {"accept": "nothing"},
            b'{"framework_id": {"value": "f"}, "executor_id": {"value": "e"}}',
            400,
            "type: must be given",
        ),
        (
            _JSON,
            b'{"type": "UNKNOWN", "framework_id": {"value": "f"}, "executor_id": {"value": "e"}}',
            501,
            "UNKNOWN is not implemented",
        ),
    ],
)
def test_a_call_that_cannot_be_read_is_refused(
    headers: Mapping[str, str], body: bytes, status: int, words: str
) -> None:
    answer = raw(Site(), body=body, headers=headers)
    assert answer.status == status
    assert isinstance(answer.body, bytes)
    assert words in answer.body.decode()


def test_a_status_that_breaks_a_rule_is_refused_before_anybody_looks_who_sends_it() -> None:
    call_ = call(_TYPE.UPDATE, update=Call.Update(status=replace(STATUS, uuid=None)))
    assert Site().said(call_) == (400, "update.status.uuid: must be given")


def test_a_subscription_whose_events_the_client_does_not_take_is_refused_before_its_ids_matter() -> None:
    status, words = Site().said(SUBSCRIBE, accept="text/html")
    assert status == 406
    assert words.startswith("Accept: must allow")
    assert Site().said(UPDATE, accept="text/html")[0] == 400, "of a call without answer it does not matter"


def test_a_heartbeat_is_taken_from_anybody() -> None:
    assert Site().said(HEARTBEAT) == (202, "")
    assert Site().said(HEARTBEAT, accept="text/html") == (202, "")


@pytest.mark.parametrize("one", [SUBSCRIBE, UPDATE, MESSAGE])
def test_frameworks_and_executors_that_are_not_here_are_not_found(one: Call) -> None:
    site = launched()
    other = replace(one, framework_id=FrameworkID(value="f"), executor_id=ExecutorID(value="e"))
    assert site.said(other) == (400, "Framework cannot be found")
    other = replace(other, framework_id=one.framework_id)
    assert site.said(other) == (400, "Executor cannot be found")


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("one", [UPDATE, MESSAGE])
def test_before_it_subscribes_an_executor_may_say_nothing(one: Call, encoding: Encoding) -> None:
    site = launched()
    assert site.said(one, encoding) == (403, "Executor is not subscribed")
    site.executor("e1", encoding)
    assert site.said(one, encoding) == (202, "")


def test_an_executor_that_subscribed_otherwise_may_say_nothing_over_http() -> None:
    site = launched()
    site.stage.executor("e1")
    assert site.said(UPDATE) == (403, "Executor is not subscribed")


@pytest.mark.parametrize("one", [UPDATE, MESSAGE])
def test_while_executors_come_back_only_those_that_did_may_say_something(one: Call) -> None:
    site = launched(executor_reregistration_timeout=Duration.of(10))
    site.stage.run_task(task("t2", executor=custom("e2")))
    executor, other = site.executor("e1"), site.executor("e2")
    executor.update("RUNNING")
    other.update("RUNNING", "t2")
    site.restart()
    assert site.said(one) == (503, "Agent is recovering")
    stranger = replace(one, framework_id=FrameworkID(value="f"))
    assert site.said(stranger) == (503, "Agent is recovering")

    executor.subscribe()
    assert site.said(one) == (202, "")
    assert site.said(other.call(_TYPE.MESSAGE, message=Call.Message(data=b"x")))[0] == 503
    other.subscribe()
    assert site.said(stranger) == (400, "Framework cannot be found")


def test_an_executor_whose_stream_broke_may_go_on_to_say_something() -> None:
    site = launched()
    executor = site.executor()
    executor.leave()
    assert executor.tell(executor.status("RUNNING")) == 202
    assert site.stage.states() == ["RUNNING"]
    assert executor.acknowledged == []


def test_a_large_call_is_read_like_any_other() -> None:
    site = launched()
    executor = site.executor()
    data = b"x" * 400_000
    assert site.said(executor.call(_TYPE.MESSAGE, message=Call.Message(data=data))) == (202, "")


def test_streams_that_are_opened_again_and_again_leave_nothing_behind() -> None:
    site = launched()
    before = len(site.node.actors())
    for _ in range(5):
        executor = HttpExecutor(site, "e1", Encoding.JSON)
        executor.subscribe()
        executor.leave()
        assert executor.body.ended
    assert len(site.node.actors()) == before
