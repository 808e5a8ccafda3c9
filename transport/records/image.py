"""Container images."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.labels import Labels
from transport.records.secret import Credential, Secret


class Image(Record):
    """A container image, and whether a cached copy will do."""

    class Type(Enumeration):
        """The format of the image."""

        APPC = auto(), 1
        DOCKER = auto(), 2

    class Appc(Record):
        """An image in the appc format."""

        name: Annotated[str, number(1)]
        id: Annotated[str | None, number(2)] = None
        labels: Annotated[Labels | None, number(3)] = None

    class Docker(Record):
        """An image of a Docker registry; `config` is a docker config.json for it."""

        name: Annotated[str, number(1)]
        credential: Annotated[Credential | None, number(2, deprecated=True)] = None
        config: Annotated[Secret | None, number(3)] = None

    type: Annotated[Type, number(1)]
    appc: Annotated[Appc | None, number(2)] = None
    docker: Annotated[Docker | None, number(3)] = None
    cached: Annotated[bool | None, number(4, True)] = None
