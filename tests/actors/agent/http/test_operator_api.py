from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.agent.http.attach import AttachCalls
from actors.agent.http.containers import Containers
from actors.agent.http.nested import GuestCalls
from actors.agent.http.operator_api import AgentOperatorApi
from actors.gateway.openapi.document import Described
from tests.actors.agent.http import calls
from tests.actors.agent.http.house import DEADLINE_SECONDS, TASK, House, house
from tests.actors.gateway.fronts import front
from transport.http.media_type import Encoding
from transport.records.agent_call import Call
from transport.records.agent_response import Response

RECORDIO = "application/recordio"
JSON = "application/json"
READS = (
    "GET_STATE",
    "GET_CONTAINERS",
    "GET_FRAMEWORKS",
    "GET_EXECUTORS",
    "GET_OPERATIONS",
    "GET_TASKS",
    "GET_AGENT",
    "GET_RESOURCE_PROVIDERS",
)
GONE = (
    b'{"type":"MARK_RESOURCE_PROVIDER_GONE",'
    b'"mark_resource_provider_gone":{"resource_provider_id":{"value":"x"}}}'
)
REMOVE = (
    b'{"type":"REMOVE_RESOURCE_PROVIDER_CONFIG","remove_resource_provider_config":{"type":"t","name":"n"}}'
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all tests of this file."""
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


def lasting(response: Response) -> Any:
    """An answer with its defaults, but without what is measured anew each time."""
    found = msgspec.json.decode(Encoding.JSON.encode(response))
    for one in (found.get("get_containers") or {}).get("containers", ()):
        one.pop("resource_statistics", None)
    return found


@pytest.mark.parametrize("name", READS)
def test_reads_say_the_same_in_both_forms(home: House, name: str) -> None:
    call = Call(type=Call.Type[name])
    json, protobuf = (home.ask(call, encoding) for encoding in Encoding)
    assert json.type is Response.Type[name]
    assert lasting(json) == lasting(protobuf)
    assert getattr(json, name.lower()) is not None


def test_the_containers_of_executors_are_listed_and_others_if_that_is_wanted(home: House) -> None:
    home.post(calls.launch(f"{TASK}.inner", "sleep 1000"))
    home.post(calls.launch("alone", "sleep 1000"))
    home.post(calls.launch("alone.inner", "sleep 1000"))

    def listed(**wanted: bool) -> list[str]:
        answer = home.ask(calls.containers(**wanted)).get_containers
        assert answer is not None
        return [calls.text(one.container_id) for one in answer.containers]

    assert listed() == [TASK]
    assert listed(nested=True) == [TASK, f"{TASK}.inner"]
    assert listed(standalone=True) == [TASK, "alone"]
    assert sorted(listed(nested=True, standalone=True)) == ["alone", "alone.inner", TASK, f"{TASK}.inner"]
    for name in (f"{TASK}.inner", "alone"):
        home.post(calls.kill(name))


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"Content-Type": "text/json"}, 415, "Content-Type: must be"),
        ({"Content-Type": "application/json; charset=utf-8"}, 415, "Content-Type: must be"),
        ({"Message-Content-Type": JSON}, 415, "Message-Content-Type: must only be given"),
        ({"Accept": "text/html"}, 406, "Accept: must allow"),
        ({"Accept": JSON, "Message-Accept": JSON}, 406, "Message-Accept: must only be given"),
        ({"Accept": RECORDIO, "Message-Accept": JSON}, 406, "Accept: must not be application/recordio"),
        ({"Accept": RECORDIO, "Message-Accept": "text/html"}, 406, "Message-Accept: must allow"),
    ],
)
def test_headers_that_do_not_fit_are_refused(
    home: House, headers: dict[str, str], status: int, reason: str
) -> None:
    found, text = home.post(calls.containers(), Encoding.JSON, **headers)
    assert (found, reason in text.decode()) == (status, True), text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": RECORDIO}, 400),
        ({"Content-Type": RECORDIO, "Message-Content-Type": "text/plain"}, 415),
    ],
)
def test_streams_of_calls_say_what_they_are_made_of(
    home: House, headers: dict[str, str], status: int
) -> None:
    found, text = home.post(b"", Encoding.JSON, **headers)
    assert (found, b"Message-Content-Type: must be" in text) == (status, True), text


def test_input_is_a_stream_and_nothing_else_is(home: House) -> None:
    wanted = Call.AttachContainerInput(type=Call.AttachContainerInput.Type.CONTAINER_ID)
    call = Call(type=Call.Type.ATTACH_CONTAINER_INPUT, attach_container_input=wanted)
    assert home.post(call)[0] == 415
    headers = {"Content-Type": RECORDIO, "Message-Content-Type": JSON}
    assert home.post(b"2\n{}", Encoding.JSON, **headers)[0] == 400


@pytest.mark.parametrize("accept", [None, "*/*", JSON, f"{RECORDIO}, {JSON}"])
def test_output_goes_to_clients_that_do_not_say_that_it_is_a_stream(home: House, accept: str | None) -> None:
    name = f"{TASK}.plain-{abs(hash(accept))}"
    headers = {} if accept is None else {"Accept": accept}
    with home.exchange(calls.session(name, "echo hi"), **headers) as stream:
        assert stream.response.headers["Content-Type"] == JSON
        assert stream.output() == (b"hi\n", b"")


def test_output_is_json_where_only_the_stream_is_asked_for(home: House) -> None:
    with home.exchange(calls.session(f"{TASK}.default", "echo hi"), Accept=RECORDIO) as stream:
        assert stream.response.headers["Message-Content-Type"] == JSON
        assert stream.output() == (b"hi\n", b"")


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (b'{"type":"PRUNE_IMAGES"}', "images"),
        (GONE, "resource providers"),
        (REMOVE, "resource providers"),
        (b'{"type":"UNKNOWN"}', "UNKNOWN"),
    ],
)
def test_what_is_not_there_is_said_to_be_missing(home: House, call: bytes, what: str) -> None:
    status, text = home.post(call)
    assert (status, what in text.decode()) == (501, True), text


@pytest.mark.parametrize(
    "call",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"type":"NO_SUCH_TYPE"}',
        b'{"type":"LAUNCH_CONTAINER"}',
        b'{"type":"LAUNCH_CONTAINER","launch_container":{}}',
        b'{"type":"WAIT_CONTAINER","wait_container":{"container_id":{}}}',
        b'{"type":"KILL_CONTAINER","kill_container":{"container_id":{"value":"a"},"signal":"nine"}}',
        b'{"type":"ATTACH_CONTAINER_OUTPUT","attach_container_output":{"container_id":{"value":""}}}',
        b'{"type":"GET_CONTAINERS","get_containers":{"show_nested":"perhaps"}}',
    ],
)
def test_calls_that_cannot_be_read_are_refused(home: House, call: bytes) -> None:
    assert home.post(call)[0] == 400
    assert home.post(call or b"\xff\xff", Encoding.PROTOBUF)[0] == 400


def test_nobody_is_told_anything_before_the_agent_has_recovered(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.recovering(recovering=True)
        for call in (Call(type=Call.Type.GET_STATE), calls.launch("x", "true"), calls.attach_output(TASK)):
            assert home.post(call)[0] == 503
        for path in ("/state", "/containers", "/monitor/statistics", "/containerizer/debug"):
            assert home.get(path)[0] == 503
        home.recovering(recovering=False)
        assert home.get("/state")[0] == 200


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "//api//v1", "/api/v1/operator"])
def test_the_api_is_found_by_its_other_names(home: House, path: str) -> None:
    connection = http.client.HTTPConnection(*home.address, timeout=DEADLINE_SECONDS)
    with contextlib.closing(connection):
        connection.request("POST", path, b'{"type":"GET_AGENT"}', {"Content-Type": JSON})
        assert connection.getresponse().status == 200
        connection.close()
        connection.request("GET", path)
        response = connection.getresponse()
        assert (response.status, response.headers["Allow"]) == (405, "POST")


def test_which_calls_are_answered_is_told(tmp_path: Path) -> None:
    containers = Containers(front())
    guests = GuestCalls(containers, tmp_path, switch_user=False)
    api = AgentOperatorApi(containers, AttachCalls(containers, guests, 15.0), guests.handlers())
    described = Described("Pion agent", "slave(1)", api.routes(), {})
    for route in described.routes:
        told = described.calls(route)
        assert {"LAUNCH_CONTAINER", "ATTACH_CONTAINER_INPUT", "ATTACH_CONTAINER_OUTPUT"}.issubset(told)
