from __future__ import annotations

from actors.master.validation.registered import MOST_BYTES, registered_error


def test_what_is_planned_has_to_fit() -> None:
    assert registered_error("weights", {"a": 1.0}) is None
    assert registered_error("weights", {"x" * MOST_BYTES: 1.0}) == (
        "weights: all together must not have more than 1048576 bytes, and would have 1048591"
    )
