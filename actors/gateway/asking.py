"""Questions that HTTP handlers put to the actors of their node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from actors.pykka_system import PykkaSystem
from transport.http.exchange import HttpError, unavailable
from transport.message import Message

#: How long an actor has to answer; less than a client waits (reliability.md R3).
ANSWER_SECONDS: Final = 5.0

#: Asks the actor of that name; raises HttpError, a 503, when it does not answer.
Ask = Callable[[str, Message], Coroutine[Any, Any, object]]


class NoSuchActorError(HttpError):
    """The node has no actor of that name just now."""


def asking(system: PykkaSystem, timeout_seconds: float = ANSWER_SECONDS) -> Ask:
    """Ask actors of that node, for an event loop."""

    async def ask(name: str, message: Message) -> object:
        answer = asyncio.wrap_future(system.asks.begin(system.pid_of(name), message))
        try:
            async with asyncio.timeout(timeout_seconds):
                return await answer
        except ConnectionError:
            raise NoSuchActorError(unavailable(f"{name} does not run just now")) from None
        except TimeoutError:
            late = f"{name} did not answer within {timeout_seconds:g} s"
            raise HttpError(unavailable(late)) from None

    return ask
