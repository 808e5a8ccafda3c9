"""What a master's node in ZooKeeper holds, of this system and of Mesos' (mesos-protocol.md §6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from actors.node.ports import ACTOR_PORT_OFFSET
from transport import decoders, json_v1
from transport.pid import Address, Pid
from transport.records.master import MasterInfo

#: The label of a node with JSON; in Mesos' words, its "info" as JSON.
JSON_LABEL: Final = "json.info"
#: The label of a node with a MasterInfo of protobuf.
BINARY_LABEL: Final = "info"
#: Names the port for actors, in the JSON, beside MasterInfo's own fields; Mesos' readers pass over it.
ACTOR_PORT: Final = "actor_port"
MASTER: Final = "master"
_MOST_BYTES: Final = 64 * 1024

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class LeaderData(NamedTuple):
    """The leader: its actor, and what it says about itself."""

    master: Pid
    info: MasterInfo


class _Port(msgspec.Struct, frozen=True, rename={"port": ACTOR_PORT}):
    port: int | None = None


_PORT: Final = decoders.of_json(_Port)


def write(info: MasterInfo, actor_port: int) -> bytes:
    """The data of a master whose actors listen at `actor_port`."""
    fields = msgspec.json.decode(json_v1.encode(info))
    return msgspec.json.encode(fields | {ACTOR_PORT: actor_port})


def read(name: str, data: bytes) -> LeaderData:
    """Read a node's data by the label in its name; raises ValueError saying what is wrong with it."""
    if len(data) > _MOST_BYTES:
        raise ValueError(f"{len(data)} bytes: no master has that much to say")
    if not data:
        raise ValueError("it is empty")
    label = name.rpartition("_")[0]
    if label == JSON_LABEL:
        info = json_v1.decode(data, MasterInfo)
        return LeaderData(_actor(_http_pid(info), _PORT.decode(data).port), info)
    if label == BINARY_LABEL:
        info = _binary_info(data)
        return LeaderData(_actor(_http_pid(info), None), info)
    if not label:
        return _bare(data)
    raise ValueError(f"its label is {label!r}, which is no master's")


def _bare(data: bytes) -> LeaderData:
    http = Pid.parse(data.decode("ascii"))
    info = MasterInfo(id="", ip=0, port=http.port, pid=str(http), hostname=http.host)
    return LeaderData(_actor(http, None), info)


def _http_pid(info: MasterInfo) -> Pid:
    """The master by the port that Mesos knows."""
    if info.pid:
        return Pid.parse(info.pid)
    if info.address is not None and (info.address.ip or info.address.hostname):
        host = info.address.ip or info.address.hostname or ""
        return Pid.parse(f"{MASTER}@{Address(host, info.address.port)}")
    if not info.ip:
        raise ValueError("it has neither pid nor address nor ip")
    host = ".".join(str(byte) for byte in info.ip.to_bytes(4, "little"))
    return Pid.parse(f"{MASTER}@{Address(host, info.port)}")


def _actor(http: Pid, actor_port: int | None) -> Pid:
    port = http.port + ACTOR_PORT_OFFSET if actor_port is None else actor_port
    if not 0 < port < 65536:
        raise ValueError(f"there is no port {port} for actors")
    return Pid(http.name, http.host, port)


def _binary_info(data: bytes) -> MasterInfo:
    """Read the first fields of a MasterInfo of protobuf, which are all that old masters write."""
    found: dict[int, int | bytes] = dict(_fields(data))
    texts = {number: _text(found.get(number)) for number in (1, 4, 5)}
    ip, port = found.get(2, 0), found.get(3, 5050)
    if not isinstance(ip, int) or not isinstance(port, int) or ip >= 2**32 or port >= 2**16:
        raise ValueError("its ip or port is no number of the right size")
    return MasterInfo(id=texts[1] or "", ip=ip, port=port, pid=texts[4], hostname=texts[5])


def _text(value: int | bytes | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, int):
        raise ValueError("a text in it is a number")  # noqa: TRY004  the data is wrong, not its type here
    return value.decode()


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message, by number; raises ValueError when it is none."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError("it is no protobuf")
        if at + size > len(data):
            raise ValueError("it is no protobuf, or not all of it is there")
        if kind == _BYTES:
            yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("it is no protobuf, or not all of it is there")
