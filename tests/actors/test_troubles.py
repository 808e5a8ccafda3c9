from __future__ import annotations

from actors.troubles import Troubles
from transport.pid import Address

THERE = Address("10.0.0.2", 6050)


def test_the_last_reason_is_known_until_something_comes_from_there() -> None:
    troubles = Troubles()
    assert (bool(troubles), troubles.reason(THERE)) == (False, "")
    troubles.broke(THERE, "silent for 15.0 s")
    troubles.broke(THERE, "cannot connect")
    assert (bool(troubles), troubles.reason(THERE)) == (True, "cannot connect")
    troubles.heard(THERE)
    troubles.heard(THERE)
    assert (bool(troubles), troubles.reason(THERE)) == (False, "")


def test_only_the_latest_are_remembered() -> None:
    troubles = Troubles()
    troubles.broke(THERE, "first")
    for port in range(1, 256):
        troubles.broke(Address("10.0.0.3", port), "cannot connect")
    troubles.broke(THERE, "again")
    for port in range(1, 256):
        troubles.broke(Address("10.0.0.4", port), "cannot connect")
    assert troubles.reason(THERE) == "again"
    troubles.broke(Address("10.0.0.5", 1), "cannot connect")
    assert troubles.reason(THERE) == ""
