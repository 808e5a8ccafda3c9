"""What is said of an endpoint beyond what its route says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from transport.record import Record


class Argument(msgspec.Struct, frozen=True):
    """An argument of a query, or of a form that is posted."""

    name: str
    text: str
    required: bool = False
    kind: Literal["string", "integer"] = "string"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What one path takes and gives."""

    #: Instead of the first sentence of its handler's documentation.
    summary: str = ""
    #: Of the query, where it is read (GET).
    arguments: tuple[Argument, ...] = ()
    #: Of the form, where it is written (POST).
    form: tuple[Argument, ...] = ()
    #: What stands behind the path, where something does, and for which methods.
    rest: str = ""
    rest_methods: tuple[str, ...] = ()
    #: The record that is posted or put; JSON of another form where it is Mesos' own.
    call: type[Record] | None = None
    takes_json: bool = False
    #: The record that is answered, and the one of the events that are streamed.
    answer: type[Record] | None = None
    event: type[Record] | None = None
    #: What is answered otherwise.
    content_type: str = "application/json"
    #: The methods that it is for, where the route takes others to lead them elsewhere.
    methods: tuple[str, ...] = ()


#: By path.
Endpoints = Mapping[str, Endpoint]

JSONP: Final = Argument("jsonp", "Function of JavaScript that the answer is wrapped in.")
_PATH: Final = Argument("path", "Virtual path, as /files/debug and the state of an agent tell them.", True)
_FILE: Final = Endpoint(arguments=(_PATH, JSONP))

#: What every daemon serves (mesos-protocol.md §5.2b).
ORDINARY: Final[Endpoints] = {
    "/health": Endpoint(content_type=""),
    "/flags": Endpoint(arguments=(JSONP,)),
    "/version": Endpoint(arguments=(JSONP,)),
    "/metrics": Endpoint(content_type="text/plain"),
    "/metrics/snapshot": Endpoint(
        arguments=(Argument("timeout", "Taken for compatibility: all metrics are there at once."), JSONP)
    ),
    "/files/browse": _FILE,
    "/files/read": Endpoint(
        arguments=(
            _PATH,
            Argument("offset", "First byte; -1, or none, for the size of the file alone.", kind="integer"),
            Argument("length", "Bytes at most; never more than 65536.", kind="integer"),
            JSONP,
        )
    ),
    "/files/download": Endpoint(arguments=(_PATH,), content_type="application/octet-stream"),
    "/files/debug": Endpoint(arguments=(JSONP,)),
    "/logging/toggle": Endpoint(
        arguments=(
            Argument("level", "0 for what the flags say, more for all lines.", kind="integer"),
            Argument("duration", "For how long, as in 10mins; at most 1weeks."),
        ),
        content_type="text/plain",
    ),
    "/system/stats.json": Endpoint(arguments=(JSONP,)),
    "/__processes__": Endpoint(arguments=(JSONP,)),
    "/help": Endpoint(
        arguments=(Argument("format", "`json` for JSON, else HTML."),), rest="process", rest_methods=("GET",)
    ),
    "/openapi.json": Endpoint(),
}
