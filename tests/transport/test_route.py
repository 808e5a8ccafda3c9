"""Which address of this machine others see."""

from __future__ import annotations

import pytest

from transport.pid import Address
from transport.route import own_host


def test_this_machine_is_reached_by_its_loopback_from_itself() -> None:
    assert own_host(Address("127.0.0.1", 5050)) == "127.0.0.1"


@pytest.mark.parametrize("host", ["." * 100, "a..b"])
def test_what_names_no_host_has_no_way_to_it(host: str) -> None:
    with pytest.raises(OSError, match=r"host|Name|resolution"):
        own_host(Address(host, 5050))
