"""Names of container images."""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 512
_SHOWN: Final = 80
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::[0-9]{{1,5}})?"
_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAG: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST: Final = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
_IMAGE: Final = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::{_TAG})?(?:@{_DIGEST})?")


def check_image(name: str) -> None:
    """Raise ValueError unless it is `[host[:port]/]path[:tag][@digest]`."""
    if len(name) <= _LONGEST and _IMAGE.fullmatch(name):
        return
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
    raise ValueError(
        f"container.docker.image: {shown!r}: must be [host[:port]/]path[:tag][@digest] in at most {_LONGEST} "
        "characters, and its path in small letters"
    )
