"""The v1 operator API (mesos-protocol.md §4): one route, and for each type of call whoever answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from transport.http.call import take_call
from transport.http.exchange import Request, Response, Streaming, refusal
from transport.http.media_type import MediaType
from transport.http.negotiation import form_of_answer
from transport.record import Record
from transport.records.enumeration import Enumeration

C = TypeVar("C", bound=Record)

#: What a call is answered by: a record, written in the form that the client takes, or what says more.
Answer = Record | Response | Streaming
#: Answers one type of call, in that form where it writes the answer itself; raises HttpError.
CallHandler = Callable[[C, MediaType], Awaitable[Answer]]


@runtime_checkable
class AnswersCalls(Protocol):
    """Whose method `handle` is a route for calls."""

    @property
    def types(self) -> tuple[str, ...]:
        """The types of calls that are answered."""
        ...


def names_of(types: Iterable[Enumeration]) -> tuple[str, ...]:
    """Types of calls as a daemon tells them."""
    return tuple(sorted(str(kind.value) for kind in types))


class OperatorApi(Generic[C]):
    """Reads calls that are records of that kind, and has them answered."""

    def __init__(self, call: type[C], handlers: Mapping[Enumeration, CallHandler[C]]) -> None:
        self._call = call
        self._handlers = handlers

    @property
    def types(self) -> tuple[str, ...]:
        """See `AnswersCalls`."""
        return names_of(self._handlers)

    async def handle(self, request: Request) -> Response | Streaming:
        """Answer a call: 501 naming its type where nobody does."""
        call = await take_call(request, self._call)
        form = form_of_answer(request.headers)
        # Every `Call` has a type, an enumeration of its own.
        kind: Any = getattr(call, "type")  # noqa: B009
        request.notes["type"] = kind.value
        handler = self._handlers.get(kind)
        if handler is None:
            raise refusal(501, f"type: {kind.value} is not implemented here")
        answer = await handler(call, form)
        if isinstance(answer, Record):
            return Response(200, form.encoding.encode(answer), form.content_type)
        return answer
