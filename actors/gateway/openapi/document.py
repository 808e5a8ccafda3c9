"""The OpenAPI 3.1 description of a daemon's routes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from actors import MESOS_VERSION
from actors.gateway.openapi.endpoint import Argument, Endpoint, Endpoints
from actors.gateway.openapi.schemas import Schemas
from actors.gateway.operator import AnswersCalls
from transport.http.exchange import JSON
from transport.http.media_type import Encoding
from transport.http.routes import Route
from transport.record import Record

_READ: Final = ("GET", "HEAD")
_NO_WORD: Final = re.compile(r"\W+")
_ABOUT: Final = """Paths may begin with /{prefix}, and end in .json. Errors are plain text that names what is
wrong and the rule. Bodies of the v1 APIs are JSON or protobuf, as Content-Type says; answers are what Accept
allows. Streams are RecordIO: the length of a record in decimal, a newline, and the record."""


class Described:
    """Routes, and what there is to say of each."""

    def __init__(self, name: str, prefix: str, routes: Sequence[Route], endpoints: Endpoints) -> None:
        #: What the daemon is, as in `Mesos master`.
        self.name = name
        self.prefix = prefix
        self.routes = tuple(sorted(routes, key=lambda route: route.path))
        self._endpoints = endpoints

    def endpoint(self, route: Route) -> Endpoint:
        """What its table says."""
        return self._endpoints.get(route.path, Endpoint())

    def methods(self, route: Route) -> tuple[str, ...]:
        """The methods that do something; HEAD is GET without a body."""
        wanted = self.endpoint(route).methods or route.methods
        return tuple(method for method in wanted if method != "HEAD")

    def summary(self, route: Route) -> str:
        """One sentence."""
        said = self.endpoint(route).summary
        return said or (inspect.getdoc(route.handler) or route.path).split("\n\n")[0].replace("\n", " ")

    def calls(self, route: Route) -> tuple[str, ...]:
        """The types of calls that are answered there, for a route of an operator API."""
        owner = getattr(inspect.unwrap(route.handler), "__self__", None)
        return owner.types if isinstance(owner, AnswersCalls) else ()

    def document(self) -> dict[str, Any]:
        """All of it."""
        writer = _Writer(self)
        paths = dict(path for route in self.routes for path in writer.paths(route))
        return {
            "openapi": "3.1.0",
            "info": {
                "title": f"{self.name} HTTP API",
                "version": MESOS_VERSION,
                "description": _ABOUT.format(prefix=self.prefix).replace("\n", " "),
                "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "paths": paths,
            "components": {"schemas": writer.schemas.components()},
        }


class _Writer:
    def __init__(self, described: Described) -> None:
        self._described = described
        self.schemas = Schemas()

    def paths(self, route: Route) -> Iterator[tuple[str, dict[str, Any]]]:
        endpoint = self._described.endpoint(route)
        methods = self._described.methods(route)
        plain = [method for method in methods if method not in endpoint.rest_methods or method == "GET"]
        yield route.path, {method.lower(): self._operation(route, method) for method in plain}
        if endpoint.rest:
            behind = [_parameter(Argument(endpoint.rest, "", required=True), "path")]
            one = {method.lower(): self._operation(route, method, "one") for method in endpoint.rest_methods}
            yield f"{route.path}/{{{endpoint.rest}}}", {"parameters": behind, **one}

    def _operation(self, route: Route, method: str, mark: str = "") -> dict[str, Any]:
        endpoint = self._described.endpoint(route)
        words = [method.lower(), *_NO_WORD.sub(" ", route.path).split(), mark]
        operation: dict[str, Any] = {
            "operationId": "_".join(word for word in words if word),
            "summary": self._described.summary(route),
            "responses": self._responses(endpoint, method),
        }
        calls = self._described.calls(route)
        if calls:
            operation["description"] = "Types of calls that are answered: " + ", ".join(calls) + "."
        if method in _READ:
            operation["parameters"] = [_parameter(one, "query") for one in endpoint.arguments]
        elif body := self._body(endpoint):
            operation["requestBody"] = {"required": True, "content": body}
        return operation

    def _body(self, endpoint: Endpoint) -> dict[str, Any]:
        if endpoint.call is not None:
            return self._forms(endpoint.call)
        if endpoint.form:
            properties = {one.name: {"type": one.kind, "description": one.text} for one in endpoint.form}
            required = [one.name for one in endpoint.form if one.required]
            schema = {"type": "object", "properties": properties, "required": required}
            return {"application/x-www-form-urlencoded": {"schema": schema}}
        return {JSON: {"schema": {}}} if endpoint.takes_json else {}

    def _responses(self, endpoint: Endpoint, method: str) -> dict[str, Any]:
        return {
            "200": {"description": "As asked for.", **self._content(endpoint, method)},
            "default": {
                "description": "What is wrong, or where to ask.",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
        }

    def _content(self, endpoint: Endpoint, method: str) -> dict[str, Any]:
        answers = [answer for answer in (endpoint.answer, endpoint.event) if answer is not None]
        if answers:
            return {"content": self._forms(*answers)}
        if endpoint.call is not None or method not in _READ or not endpoint.content_type:
            return {}
        return {"content": {endpoint.content_type: {"schema": {}}}}

    def _forms(self, *records: type[Record]) -> dict[str, Any]:
        found = [self.schemas.reference(record) for record in records]
        return {
            Encoding.JSON.value: {"schema": found[0] if len(found) == 1 else {"anyOf": found}},
            Encoding.PROTOBUF.value: {"schema": {"contentMediaType": Encoding.PROTOBUF.value}},
        }


def _parameter(argument: Argument, where: str) -> dict[str, Any]:
    return {
        "name": argument.name,
        "in": where,
        "required": argument.required,
        "schema": {"type": argument.kind},
        **({"description": argument.text} if argument.text else {}),
    }
