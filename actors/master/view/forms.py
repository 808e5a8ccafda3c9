"""The forms in which readers want objects, and objects that keep them until they change."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

import msgspec

from transport import json_v1, protobuf
from transport.record import Record
from transport.records.endpoint_format import shown


class Form(IntEnum):
    """How an object is written."""

    #: As in the v0 endpoints.
    V0 = 0
    #: As in the v1 API, in JSON and in protobuf.
    JSON = 1
    PROTOBUF = 2
    #: As in /slaves.
    FULL = 3
    #: As in /state-summary.
    SUMMARY = 4


FORMS: Final = len(Form)
#: An object's forms before anybody wanted them.
_NONE: Final = (None,) * FORMS


class Shown:
    """An object of the cluster as readers see it."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[bytes | None] = list(_NONE)

    def changed(self, *forms: Form) -> None:
        """It is not what it was: these forms, or all, are made anew when they are wanted."""
        if not forms:
            self._pieces[:] = _NONE
        for form in forms:
            self._pieces[form] = None

    def piece(self, form: Form) -> bytes:
        """The object in that form."""
        found = self._pieces[form]
        if found is None:
            found = self._pieces[form] = self.write(form)
        return found

    def write(self, form: Form) -> bytes:
        """Make the form."""
        if form is Form.JSON:
            return json_v1.encode(shown(self.v1()))
        if form is Form.PROTOBUF:
            return protobuf.encode(shown(self.v1()))
        return msgspec.json.encode(self.v0(form))

    def v1(self) -> Record:
        """The object as a record of the v1 API, its resources in whatever format."""
        raise NotImplementedError

    def v0(self, form: Form) -> Any:
        """The object as the v0 endpoints show it, for JSON."""
        raise NotImplementedError
