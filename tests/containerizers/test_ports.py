from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from containerizers.ports import Listening, PortScan, Stranger, ephemeral_ports
from tests.containerizers.containers import Containers, read_number, wait_until

#: Listens on any port, does something else, writes the port to a file, and waits.
LISTENER = """
import os, signal, socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind(("127.0.0.1", int(sys.argv[2])))
listener.listen()
{what}
with open(sys.argv[1] + ".new", "w") as file:
    print(listener.getsockname()[1], file=file)
os.rename(sys.argv[1] + ".new", sys.argv[1])
signal.pause()
"""
#: Leaves its session; the one that it was born as has nothing open.
LEAVE = "if os.fork():\n    listener.close()\n    signal.pause()\nos.setsid()"


def listener(path: Path, port: int = 0, what: str = "") -> tuple[str, ...]:
    return sys.executable, "-c", LISTENER.format(what=what), str(path), str(port)


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Containers]:
    with Containers(tmp_path) as made:
        yield made


def listen(host: str = "127.0.0.1", family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, 0))
    listener.listen()
    return listener


def port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def never(_port: int) -> bool:
    return False


def look(processes: Mapping[str, tuple[int, ...]], *ports: int, strangers: bool = False) -> Listening:
    return PortScan(lambda: processes)(ports.__contains__, lambda port: strangers and port in ports)


def test_a_container_listens_where_one_of_its_processes_does() -> None:
    with listen() as four, listen("::1", socket.AF_INET6) as six, listen() as other:
        own = {"one": (os.getpid(),), "two": (1,)}
        found = look(own, port_of(four), port_of(six))
        assert found.containers == {"one": tuple(sorted((port_of(four), port_of(six))))}
        assert look(own, port_of(other)).containers == {"one": (port_of(other),)}


def test_connections_do_not_count_nor_what_is_closed() -> None:
    with listen() as listener, socket.create_connection(listener.getsockname()) as connection:
        port = port_of(listener)
        assert look({"one": (os.getpid(),)}, port_of(connection)).containers == {}
    assert look({"one": (os.getpid(),)}, port).containers == {}


def test_many_may_listen_on_one_port_and_each_is_told_of(tmp_path: Path) -> None:
    with listen() as first, subprocess.Popen(listener(tmp_path / "port", port_of(first))) as other:
        port = read_number(tmp_path / "port")
        found = look({"one": (os.getpid(),), "two": (other.pid,)}, port)
        other.kill()
    assert found.containers == {"one": (port,), "two": (port,)}


def test_a_process_that_is_gone_listens_nowhere() -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    with listen() as listener:
        assert look({"one": (gone.pid,)}, port_of(listener)).containers == {}


def test_a_process_that_left_the_session_of_its_container_is_found(
    containers: Containers, tmp_path: Path
) -> None:
    containers.launch("one", *listener(tmp_path / "port", what=LEAVE))
    port = read_number(tmp_path / "port")
    scan = PortScan(containers.containerizer.processes)
    wait_until(lambda: scan(port.__eq__, never).containers == {"one": (port,)}, "the port is found")


def test_a_network_of_its_own_has_no_ports_of_the_host(tmp_path: Path) -> None:
    with subprocess.Popen(["unshare", "--net", *listener(tmp_path / "port")]) as apart:
        port = read_number(tmp_path / "port")
        found = look({"apart": (apart.pid,)}, port)
        apart.kill()
    assert found.containers == {}


def test_strangers_are_named_on_ports_that_concern_us() -> None:
    with listen() as listener, listen() as other:
        port = port_of(listener)
        scan = PortScan(dict)
        comm = Path("/proc/self/comm").read_text().strip()
        stranger = Stranger(port, os.getpid(), comm)
        for _ in range(2):
            assert scan(lambda _port: True, port.__eq__) == Listening({}, (stranger,))
        assert look({"one": (os.getpid(),)}, port, strangers=True).strangers == ()
        assert look({"one": (os.getpid(),)}, port_of(other), strangers=True).strangers == ()


def test_whom_nobody_can_name_has_a_port_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    line = (
        "   0: 0100007F:7918 00000000:0000 {} 00000000:00000000 00:00000000 00000000     0        0 99 1 0\n"
    )
    (tmp_path / "net/tcp").write_text("heading\n" + line.format("0A") + line.format("01"))
    assert PortScan(dict, tmp_path)(lambda _port: True, lambda _port: True) == Listening(
        {}, (Stranger(31000),)
    )


def test_nobody_is_looked_at_where_no_port_counts() -> None:
    def processes() -> dict[str, tuple[int, ...]]:
        raise AssertionError

    with listen():
        assert PortScan(processes)(never, never) == Listening({})


@pytest.mark.parametrize(
    ("reserved", "left"),
    [
        ("", ((32768, 60999),)),
        ("8080,40000-40009,50000", ((32768, 39999), (40010, 49999), (50001, 60999))),
        ("50000,32768-40000", ((40001, 49999), (50001, 60999))),
        ("60000-65535", ((32768, 59999),)),
        ("1-65535", ()),
    ],
)
def test_ephemeral_ports_are_those_that_are_not_reserved(
    tmp_path: Path, reserved: str, left: tuple[tuple[int, int], ...]
) -> None:
    folder = tmp_path / "sys/net/ipv4"
    folder.mkdir(parents=True)
    (folder / "ip_local_port_range").write_text("32768\t60999\n")
    (folder / "ip_local_reserved_ports").write_text(f"{reserved}\n")
    assert ephemeral_ports(tmp_path) == left


def test_this_host_has_ephemeral_ports() -> None:
    with listen() as listener:
        assert any(begin <= port_of(listener) <= end for begin, end in ephemeral_ports())
    assert ephemeral_ports(Path("/nonexistent")) == ()
