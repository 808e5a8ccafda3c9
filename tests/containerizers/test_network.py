from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from containerizers.network import Counters, has_own, interfaces, total

DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100      1    0    0    0     0          0         0      100      1    0    0    0     0       0          0
  eth0:    1000     10    1    2    0     0          0         0     2000     20    3    4    0     0       0          0
eth0:1:       5      1    0    0    0     0          0         0        6      1    0    0    0     0       0          0
"""  # noqa: E501  as the kernel writes it


def test_interfaces_are_told_apart_and_summed_without_the_loopback(tmp_path: Path) -> None:
    (tmp_path / "7/net").mkdir(parents=True)
    (tmp_path / "7/net/dev").write_text(DEV)
    found = interfaces(7, tmp_path)
    assert list(found) == ["lo", "eth0", "eth0:1"]
    assert found["lo"].received_bytes == 100
    assert total(found) == Counters(
        received_bytes=1005,
        received_packets=11,
        received_errors=1,
        received_dropped=2,
        sent_bytes=2006,
        sent_packets=21,
        sent_errors=3,
        sent_dropped=4,
    )


def test_what_this_process_sends_is_counted() -> None:
    before = interfaces()["lo"].sent_bytes
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x" * 1000, ("127.0.0.1", 9))
    assert interfaces(os.getpid())["lo"].sent_bytes >= before + 1000


def test_a_network_of_its_own_is_told_from_that_of_this_process() -> None:
    assert not has_own(os.getpid())
    with subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as apart:
        assert apart.stdout is not None
        apart.stdout.readline()
        assert has_own(apart.pid)
        assert total(interfaces(apart.pid)) == Counters()
        apart.kill()
    assert not has_own(apart.pid)
    assert interfaces(apart.pid) == {}
