"""How much of what operators plan fits into the registry, which is written as a whole."""

from __future__ import annotations

from typing import Final

import msgspec

#: For quotas, for weights and for the maintenance schedule each.
MOST_BYTES: Final = 1 << 20


def registered_error(what: str, planned: object) -> str | None:
    """Why all that is planned of one kind is too much, or None."""
    size = len(msgspec.msgpack.encode(planned))
    if size <= MOST_BYTES:
        return None
    return f"{what}: all together must not have more than {MOST_BYTES} bytes, and would have {size}"
