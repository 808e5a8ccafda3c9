"""From nothing to a container that runs, whatever answers are lost on the way (reliability.md D4, D5).

Each step can be taken again: a name is taken once, and who runs is not started again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from containerizers.docker.errors import (
    ConflictError,
    DockerError,
    NotThereError,
    RefusedError,
    UnansweredError,
)
from containerizers.docker.options import Body
from containerizers.docker.seen import Seen, see

if TYPE_CHECKING:
    from containerizers.docker.client import Client


class NoImageError(RefusedError):
    """The image is not there; it may be in a registry."""


class Look(NamedTuple):
    """What an inspect gave: all of it, and what matters."""

    described: dict[str, Any]
    seen: Seen


class Wanted(NamedTuple):
    """The container that is to be."""

    name: str
    #: None: it was asked for by a process before this one.
    body: Body | None
    is_ours: Callable[[Seen], bool]
    #: Whether it is still to run.
    goes_on: Callable[[], bool]
    #: Called before it is started, and should that be done again, again.
    prepare: Callable[[Client], None]
    fault: Callable[[str], None]


def bring_up(client: Client, wanted: Wanted) -> Look | None:
    """Make and start a container, as far as it is not; None when it is not wanted any more.

    Raises NoImageError, another RefusedError (it will not run), or UnansweredError (try again).
    """
    if wanted.body is None or not _create(client, wanted.name, wanted.body, wanted.fault):
        found = look(client, wanted)
        if found.seen.was_started:
            if found.seen.runs:
                wanted.prepare(client)
            return found
    if not wanted.goes_on():
        return None
    wanted.prepare(client)
    wanted.fault("docker.start.before")
    try:
        client.start(wanted.name)
    except NotThereError:
        raise
    except DockerError:
        # That it was not answered, or even refused, does not say that it does not run.
        found = look(client, wanted)
        if not found.seen.was_started:
            raise
    wanted.fault("docker.start.after")
    found = look(client, wanted)
    if not found.seen.was_started:
        raise UnansweredError(f"container {wanted.name}: dockerd did not start it, though it said so")
    return found


def look(client: Client, wanted: Wanted) -> Look:
    """Look at it; raises NotThereError, ConflictError (it is somebody else's), or UnansweredError."""
    try:
        described = client.inspect(wanted.name)
    except NotThereError:
        raise
    except RefusedError as error:
        # That dockerd cannot say how it is says nothing of it.
        raise UnansweredError(str(error)) from None
    try:
        seen = see(described)
    except ValueError as error:
        raise UnansweredError(str(error)) from None
    if not wanted.is_ours(seen):
        raise ConflictError(409, f"container {wanted.name}: there is one of that name, of somebody else")
    return Look(described, seen)


def _create(client: Client, name: str, body: Body, fault: Callable[[str], None]) -> bool:
    """Make it; False when one of that name is there."""
    fault("docker.create.before")
    try:
        client.create(name, body)
    except ConflictError:
        return False
    except NotThereError as error:
        raise NoImageError(error.status, str(error)) from None
    except RefusedError as error:
        raise RefusedError(error.status, f"image {body.get('Image')!r}: {error}") from None
    finally:
        fault("docker.create.after")
    return True
