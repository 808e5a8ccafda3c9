"""In which form a call is, and in which its answer may be (mesos-protocol.md §1.4, §4.3).

The two are asked for one after the other: a call is read and checked before the form of its answer matters.
Both raise HttpError. `streams` is for calls to an agent's operator API, where streams are declared as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from transport.http.exchange import refusal
from transport.http.media_type import RECORDIO, Encoding, MediaType

_ENCODINGS: Final = {encoding.value: encoding for encoding in Encoding}


def form_of_call(headers: Mapping[str, str], *, streams: bool = False) -> MediaType:
    """What the body of a request is; 400 if it does not say so, 415 if that is not read here."""
    declared = headers.get("content-type")
    if declared is None:
        raise refusal(400, "Content-Type: must be given")
    if streams and declared == RECORDIO:
        return MediaType(_message_form(headers), is_stream=True)
    if declared not in _ENCODINGS:
        raise refusal(415, f"Content-Type: must be {_listed(streams=streams)}")
    if streams and "message-content-type" in headers:
        raise refusal(415, f"Message-Content-Type: must only be given if Content-Type is {RECORDIO}")
    return MediaType(_ENCODINGS[declared])


def _message_form(headers: Mapping[str, str]) -> Encoding:
    declared = headers.get("message-content-type")
    if declared is None:
        raise refusal(400, f"Message-Content-Type: must be given if Content-Type is {RECORDIO}")
    if declared not in _ENCODINGS:
        raise refusal(415, f"Message-Content-Type: must be {_listed()}")
    return _ENCODINGS[declared]


def form_of_answer(headers: Mapping[str, str], *, streams: bool = False) -> MediaType:
    """What the body of the response should be; 406 if the client takes nothing of what is written here."""
    accepted = headers.get("accept")
    for encoding in Encoding:
        if accepts(accepted, encoding.value):
            if streams and "message-accept" in headers:
                raise refusal(406, f"Message-Accept: must only be given if Accept is {RECORDIO}")
            return MediaType(encoding)
    if not (streams and accepts(accepted, RECORDIO)):
        raise refusal(406, f"Accept: must allow {_listed(streams=streams)}")
    for encoding in Encoding:
        if accepts(headers.get("message-accept"), encoding.value):
            return MediaType(encoding, is_stream=True)
    raise refusal(406, f"Message-Accept: must allow {_listed()}")


def accepts(header: str | None, media_type: str) -> bool:
    """Whether a header such as `Accept` allows a media type; one that is absent allows all.

    Of several ranges that fit, the narrowest counts; with a quality of 0 it forbids.
    """
    if header is None:
        return True
    general = media_type.partition("/")[0]
    wanted = [media_type, f"{general}/*", "*/*"]
    found: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = (word.strip() for word in part.split(";"))
        found.setdefault(name.lower(), _quality(parameters))
    return next((found[name] > 0 for name in wanted if name in found), False)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _listed(*, streams: bool = False) -> str:
    return " or ".join([*_ENCODINGS, RECORDIO] if streams else _ENCODINGS)
