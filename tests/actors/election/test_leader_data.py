"""What masters' nodes hold, of this system and of Mesos'."""

from __future__ import annotations

import json
import struct

import pytest

from actors.election import leader_data
from transport.pid import Pid
from transport.records.address import Address
from transport.records.master import MasterInfo

INFO = MasterInfo(
    id="abc",
    ip=16777226,
    port=5050,
    pid="master@10.0.0.1:5050",
    hostname="anna",
    version="1.11.0",
    address=Address(hostname="anna", ip="10.0.0.1", port=5050),
    capabilities=(MasterInfo.Capability(type=MasterInfo.Capability.Type.QUOTA_V2),),
)
MESOS = (
    '{"id":"abc","ip":16777226,"port":5050,"pid":"master@10.0.0.1:5050","hostname":"anna","version":"1.11.0",'
    '"address":{"hostname":"anna","ip":"10.0.0.1","port":5050},"capabilities":[{"type":"QUOTA_V2"}]}'
)


def test_mesos_readers_find_what_they_look_for() -> None:
    written = json.loads(leader_data.write(INFO, 7000))
    assert written.pop("actor_port") == 7000
    assert written == json.loads(MESOS)


def test_what_is_written_is_read_again() -> None:
    found = leader_data.read("json.info_0000000003", leader_data.write(INFO, 7000))
    assert found == (Pid("master", "10.0.0.1", 7000), INFO)


def test_mesos_own_json_names_a_master_whose_actors_have_the_usual_port() -> None:
    found = leader_data.read("json.info_0000000003", MESOS.encode())
    assert found == (Pid("master", "10.0.0.1", 6050), INFO)


@pytest.mark.parametrize(
    ("fields", "pid"),
    [
        ({"pid": "master@[::1]:5050"}, Pid("master", "::1", 6050)),
        ({"address": {"hostname": "anna", "ip": "10.0.0.2", "port": 80}}, Pid("master", "10.0.0.2", 1080)),
        ({"address": {"hostname": "anna", "port": 80}}, Pid("master", "anna", 1080)),
        ({"address": {"ip": "::1", "port": 80}}, Pid("master", "::1", 1080)),
        ({"port": 81}, Pid("master", "10.0.0.1", 1081)),
        ({"actor_port": 99}, Pid("master", "10.0.0.1", 99)),
    ],
)
def test_a_master_is_found_by_whatever_it_tells(fields: dict[str, object], pid: Pid) -> None:
    data = json.dumps({"id": "abc", "ip": 16777226, "port": 5050, **fields}).encode()
    assert leader_data.read("json.info_0000000003", data).master == pid


def _text(number: int, text: str) -> bytes:
    return bytes((number << 3 | 2, len(text))) + text.encode()


BINARY = (
    _text(1, "abc")
    + b"\x10\x8a\x80\x80\x08"  # the ip, a varint
    + b"\x18\xba\x27"  # the port, 5050
    + _text(4, "master@10.0.0.1:5050")
    + _text(5, "anna")
    + b"\x39" + struct.pack("<d", 1.0)  # a field of 64 bits that nobody knows
    + b"\x45" + struct.pack("<f", 1.0)  # and one of 32
)  # fmt: skip


def test_the_protobuf_of_old_masters_is_read() -> None:
    found = leader_data.read("info_0000000003", BINARY)
    expected = MasterInfo(id="abc", ip=16777226, port=5050, pid="master@10.0.0.1:5050", hostname="anna")
    assert found == (Pid("master", "10.0.0.1", 6050), expected)


def test_the_oldest_protobuf_names_no_pid() -> None:
    found = leader_data.read("info_0000000003", BINARY[: BINARY.index(b"\x22")])
    assert found.master == Pid("master", "10.0.0.1", 6050)


def test_a_bare_pid_is_a_master_too() -> None:
    found = leader_data.read("0000000003", b"master@10.0.0.1:5050")
    assert found.master == Pid("master", "10.0.0.1", 6050)
    assert found.info.pid == "master@10.0.0.1:5050"


@pytest.mark.parametrize("name", ["json.info_0000000003", "info_0000000003", "0000000003"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"x" * 2**20,
        b"{",
        b"[1]",
        b"null",
        b"{}",
        b'{"id": 1}',
        b'{"id": "a", "ip": 0, "port": 5050}',
        b'{"id": "a", "ip": 1, "port": 65000}',
        b'{"id": "a", "ip": 1, "port": 5050, "actor_port": 0}',
        b'{"id": "a", "ip": 1, "port": 5050, "actor_port": "x"}',
        b'{"id": "a", "ip": 1, "port": 5050, "pid": "nonsense"}',
        b'{"id": "a\0", "ip": 1, "pid": "master@\0:1"}',
        b"[" * 100_000,
        b"\xff" * 100,
        "master@größe:5050".encode(),
        b"master@10.0.0.1",
        b"\x0a\xff",
        b"\x08" + b"\xff" * 12,
        b"\x0b",
    ],
)
def test_what_is_no_masters_data_is_refused_and_nothing_else_happens(name: str, data: bytes) -> None:
    with pytest.raises(ValueError):
        leader_data.read(name, data)


def test_an_unknown_label_is_refused() -> None:
    with pytest.raises(ValueError, match="label is 'other'"):
        leader_data.read("other_0000000003", b"master@10.0.0.1:5050")


@pytest.mark.parametrize("end", range(1, len(BINARY) - 1, 3))
def test_protobuf_that_is_cut_off_is_no_error_of_ours(end: int) -> None:
    try:
        leader_data.read("info_0000000003", BINARY[:end])
    except ValueError:
        return
