"""What the daemons of Mesos do with the flags that they share."""

from __future__ import annotations

import socket

import pytest

from actors.flags import load
from actors.node.daemon import MesosFlags


def test_a_host_whose_resolver_is_out_of_reach_is_shown_by_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_address: object, _flags: int) -> tuple[str, str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getnameinfo", fail)
    flags = load(MesosFlags, ["--ip=192.0.2.7"], {}, prefix="MESOS_")
    assert flags.shown_hostname == "192.0.2.7"
