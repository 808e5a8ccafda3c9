from __future__ import annotations

import pytest

from containerizers.fetcher.addresses import Refused
from containerizers.fetcher.settings import REFUSED_NETWORKS


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "::169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "100.100.100.200",
        "192.0.0.192",
    ],
)
def test_where_clouds_keep_their_secrets_nobody_asks(address: str) -> None:
    assert address in Refused(REFUSED_NETWORKS)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "10.0.0.1", "169.253.0.1", "2001:db8::1", "192.0.0.191"]
)
def test_others_may_be_asked(address: str) -> None:
    assert address not in Refused(REFUSED_NETWORKS)


def test_an_operator_says_which_they_are() -> None:
    assert "10.1.2.3" in Refused(["10.0.0.0/8"])
    assert "169.254.169.254" not in Refused([])
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        Refused(["10.0.0.1/8"])
