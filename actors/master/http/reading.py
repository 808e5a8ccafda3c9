"""Asks the view for handlers: the answer in pieces, and the version by which clients know it again."""

from __future__ import annotations

from collections.abc import Mapping

from actors.gateway.asking import NoSuchActorError
from actors.gateway.front import Front
from actors.master.view.forms import Form
from actors.master.view.view import VIEW
from transport.http.exchange import HttpError, Response, say, unavailable
from transport.messages.viewing import ReadView, ViewRead, ViewRefused


async def read(
    front: Front, what: str, form: Form, content_type: str, arguments: Mapping[str, str] | None = None
) -> Response:
    """What the cluster looks like now; raises HttpError."""
    answer = await _ask(front, ReadView(what, form, arguments or {}))
    if isinstance(answer, ViewRefused):
        refused = unavailable(answer.message) if answer.status == 503 else say(answer.status, answer.message)
        raise HttpError(refused)
    if not isinstance(answer, ViewRead):
        raise HttpError(unavailable(f"{VIEW} answered something else"))
    return Response(200, answer.pieces, content_type, version=answer.version)


async def _ask(front: Front, question: ReadView) -> object:
    try:
        try:
            return await front.ask(VIEW, question)
        except NoSuchActorError:
            raise
        except HttpError:
            # Of a very large cluster the first answer takes long, and then it is there.
            return await front.ask(VIEW, question)
    except NoSuchActorError:
        raise HttpError(unavailable("the cluster cannot be read just now")) from None
