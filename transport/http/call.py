"""A call of the v1 APIs, read from its request: the checks that all have in common, in the order of Mesos."""

from __future__ import annotations

import asyncio
from typing import Any, Final, TypeVar

from transport.http.exchange import Request, refusal
from transport.http.negotiation import form_of_call
from transport.record import Record, proto_name

_Record = TypeVar("_Record", bound=Record)

#: A body that is larger is read on another thread: the server's own is all clients'.
LARGE_BYTES: Final = 256 * 1024

#: Types of calls whose field may be left out, by the call's protobuf name (mesos-protocol.md §2.3, §4.3).
_MAY_LACK_FIELD: Final = {
    "mesos.v1.scheduler.Call": ("REVIVE", "SUPPRESS"),
    "mesos.v1.agent.Call": ("GET_CONTAINERS", "PRUNE_IMAGES"),
}


def read_call(request: Request, record: type[_Record]) -> _Record:
    """Read a call that is one record; raises HttpError: 400, 415, or 501 for the type UNKNOWN."""
    encoding = form_of_call(request.headers).encoding
    try:
        call = encoding.decode(request.body, record)
    except ValueError as error:
        raise refusal(400, f"body: {error}") from error
    check_type(call)
    return call


async def take_call(request: Request, record: type[_Record]) -> _Record:
    """The same for handlers: a large one is read on another thread."""
    if len(request.body) > LARGE_BYTES:
        return await asyncio.to_thread(read_call, request, record)
    return read_call(request, record)


def check_type(call: Record) -> None:
    """Raise HttpError unless a call has a type, and the field that tells the rest of it."""
    # Every `Call` has one: an enumeration of its own.
    type_: Any = getattr(call, "type")  # noqa: B009
    if type_ is None:
        raise refusal(400, "type: must be given, and be one that is known")
    name: str = type_.value
    if name == "UNKNOWN":
        raise refusal(501, "type: UNKNOWN is not implemented")
    field = name.lower()
    if field not in call.__struct_fields__ or getattr(call, field) is not None:
        return
    if name not in _MAY_LACK_FIELD.get(proto_name(type(call)), ()):
        raise refusal(400, f"{field}: must be given if type is {name}")
