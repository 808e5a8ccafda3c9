"""The calls of the v1 operator API that masters and agents answer alike (mesos-protocol.md §4.1, §4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from actors.build import version_info
from actors.flags import Flags
from actors.gateway.files import Files
from actors.gateway.front import Front
from actors.gateway.inspection import read_level, set_level
from actors.gateway.operator import Answer, CallHandler
from actors.gateway.ordinary import Refresh, shown_flags, up_to_date
from transport.http.exchange import Response
from transport.http.media_type import MediaType
from transport.record import Record
from transport.records.daemon import Flag, Metric
from transport.records.enumeration import Enumeration

C = TypeVar("C", bound=Record)

#: To write so many takes too long for the server's thread.
_MANY_FILES: Final = 500


def common_calls(
    front: Front,
    flags: Flags,
    files: Files,
    call: type[C],
    response: type[Record],
    refresh: Refresh = up_to_date,
) -> Mapping[Enumeration, CallHandler[C]]:
    """Handlers for calls of that kind, by type; `response` is what the same daemon answers with.

    `refresh` is awaited before metrics are shown.
    """
    common = _CommonCalls(front, flags, files, response, refresh)
    types: Any = getattr(call, "Type")  # noqa: B009  each `Call` has its own
    return {
        types.GET_HEALTH: common.get_health,
        types.GET_FLAGS: common.get_flags,
        types.GET_VERSION: common.get_version,
        types.GET_METRICS: common.get_metrics,
        types.GET_LOGGING_LEVEL: common.get_logging_level,
        types.SET_LOGGING_LEVEL: common.set_logging_level,
        types.LIST_FILES: common.list_files,
        types.READ_FILE: common.read_file,
    }


class _CommonCalls:
    """The declarations of both daemons have the same fields in these calls, but are not the same."""

    def __init__(self, front: Front, flags: Flags, files: Files, response: Any, refresh: Refresh) -> None:
        self._front = front
        self._refresh = refresh
        self._flags = tuple(Flag(name=name, value=value) for name, value in shown_flags(flags).items())
        self._files = files
        self._response = response

    async def get_health(self, _call: Record, _form: MediaType) -> Answer:
        return self._answer("GET_HEALTH", healthy=True)

    async def get_flags(self, _call: Record, _form: MediaType) -> Answer:
        return self._answer("GET_FLAGS", flags=self._flags)

    async def get_version(self, _call: Record, _form: MediaType) -> Answer:
        return self._answer("GET_VERSION", version_info=version_info())

    async def get_metrics(self, _call: Record, _form: MediaType) -> Answer:
        await self._refresh()
        # The books that some of them are counted from may be large.
        values = await asyncio.to_thread(self._front.metrics.snapshot)
        metrics = tuple(Metric(name=name, value=float(value)) for name, value in values.items())
        return self._answer("GET_METRICS", metrics=metrics)

    async def get_logging_level(self, _call: Record, _form: MediaType) -> Answer:
        return self._answer("GET_LOGGING_LEVEL", level=await read_level(self._front))

    async def set_logging_level(self, call: Any, _form: MediaType) -> Answer:
        wanted = call.set_logging_level
        await set_level(self._front, wanted.level, wanted.duration.nanoseconds / 1e9)
        return Response()

    async def list_files(self, call: Any, form: MediaType) -> Answer:
        infos = await self._files.list(call.list_files.path)
        answer = self._answer("LIST_FILES", file_infos=infos)
        if len(infos) < _MANY_FILES:
            return answer
        return Response(200, await asyncio.to_thread(form.encoding.encode, answer), form.content_type)

    async def read_file(self, call: Any, _form: MediaType) -> Answer:
        wanted = call.read_file
        portion = await self._files.read(wanted.path, wanted.offset, wanted.length)
        return self._answer("READ_FILE", size=portion.size_bytes, data=portion.data)

    def _answer(self, name: str, **values: object) -> Record:
        """The response of that type; its field bears the type's name, its record the same in another case."""
        kind = "".join(word.capitalize() for word in name.split("_"))
        inner = getattr(self._response, kind)(**values)
        answer: Record = self._response(type=self._response.Type[name], **{name.lower(): inner})
        return answer
