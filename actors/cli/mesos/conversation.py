"""The v1 operator API of one daemon, asked by a command."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from actors.cli.parser import CommandError
from transport import json_v1
from transport.http.client import HttpClient, HttpFailureError, Reply
from transport.http.exchange import JSON
from transport.record import Record

R = TypeVar("R", bound=Record)

#: Where every daemon takes calls.
API: Final = "/api/v1"
_HEADERS: Final = {"Content-Type": JSON, "Accept": JSON}
_MOST_WORDS: Final = 300


class RefusedError(CommandError):
    """A daemon has answered, but not with what was asked for."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class UnreachableError(CommandError):
    """A daemon has not answered."""


class Conversation(Generic[R]):
    """Asks one daemon, `noun` for messages; raises RefusedError and UnreachableError."""

    def __init__(self, client: HttpClient, response: type[R], noun: str) -> None:
        self.client = client
        self.noun = noun
        self._response = response

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return f"the {self.noun} at {self.client.address}"

    def ask(self, call: Record) -> R:
        """Have a call answered by a record."""
        reply = self.tell(call)
        try:
            return json_v1.decode(reply.body, self._response)
        except ValueError as error:
            raise RefusedError(f"{self.name}: its answer cannot be read: {error}", reply.status) from None

    def tell(self, call: Record) -> Reply:
        """Have a call answered by whatever it is answered by."""
        return self._send("POST", API, json_v1.encode(call))

    def get(self, target: str) -> bytes:
        """Read an endpoint."""
        return self._send("GET", target, None).body

    def _send(self, method: str, target: str, body: bytes | None) -> Reply:
        try:
            reply = self.client.ask(method, target, body, _HEADERS)
        except HttpFailureError as error:
            raise UnreachableError(f"the {self.noun} cannot be reached: {error}") from None
        self.check(reply)
        return reply

    def check(self, reply: Reply) -> None:
        """Raise RefusedError unless it is a success."""
        if not 200 <= reply.status < 300:
            words = reply.text.split("\n")[0][:_MOST_WORDS]
            raise RefusedError(f"{self.name} answers {reply.status}: {words or 'nothing'}", reply.status)
