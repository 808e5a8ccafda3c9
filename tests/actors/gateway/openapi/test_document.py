from __future__ import annotations

from typing import Any

import openapi_spec_validator

from actors.gateway.openapi.document import Described
from actors.gateway.openapi.endpoint import Argument, Endpoint
from actors.gateway.operator import Answer, OperatorApi
from transport.http.exchange import Request, Response
from transport.http.media_type import MediaType
from transport.http.routes import Route
from transport.records.master_call import Call
from transport.records.master_response import Response as CallResponse


async def read(_request: Request) -> Response:
    """Tell the
    weights.

    More of it.
    """
    return Response()


async def health(_call: Call, _form: MediaType) -> Answer:
    return Response()


def described() -> Described:
    api = OperatorApi(Call, {Call.Type.GET_HEALTH: health})
    routes = (
        Route("/weights", read, ("GET", "HEAD", "PUT")),
        Route("/quota", read, ("GET", "HEAD", "POST", "DELETE")),
        Route("/teardown", read, ("POST",)),
        Route("/api/v1", api.handle, ("GET", "POST")),
    )
    endpoints = {
        "/weights": Endpoint(arguments=(Argument("jsonp", "A function."),), takes_json=True),
        "/quota": Endpoint(rest="role", rest_methods=("DELETE",)),
        "/teardown": Endpoint(form=(Argument("frameworkId", "Its id.", True),)),
        "/api/v1": Endpoint(call=Call, answer=CallResponse, methods=("POST",)),
        "/gone": Endpoint(),
    }
    return Described("A master", "master", routes, endpoints)


def operation(path: str, method: str) -> Any:
    return described().document()["paths"][path][method]


def test_it_is_what_openapi_says_it_must_be() -> None:
    openapi_spec_validator.validate(described().document())


def test_paths_and_methods_are_those_of_the_routes() -> None:
    paths = described().document()["paths"]
    assert {path: [name for name in methods if name != "parameters"] for path, methods in paths.items()} == {
        "/api/v1": ["post"],
        "/quota": ["get", "post"],
        "/quota/{role}": ["delete"],
        "/teardown": ["post"],
        "/weights": ["get", "put"],
    }


def test_a_handlers_documentation_says_what_its_table_does_not() -> None:
    assert operation("/weights", "get")["summary"] == "Tell the weights."


def test_arguments_are_of_the_query_or_of_a_form() -> None:
    (argument,) = operation("/weights", "get")["parameters"]
    assert (argument["name"], argument["in"], argument["required"]) == ("jsonp", "query", False)
    assert list(operation("/weights", "put")["requestBody"]["content"]) == ["application/json"]
    form = operation("/teardown", "post")["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert form["schema"]["required"] == ["frameworkId"]


def test_calls_are_described_by_their_records_and_by_who_answers() -> None:
    call = operation("/api/v1", "post")
    assert call["description"] == "Types of calls that are answered: GET_HEALTH."
    for content in (call["requestBody"]["content"], call["responses"]["200"]["content"]):
        assert list(content) == ["application/json", "application/x-protobuf"]
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/mesos.v1.master.Call"}
