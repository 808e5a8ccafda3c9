"""Where the executor node of a runtime directory is, as it wrote down itself: `executor_node.json`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from actors.executor.host import EXECUTORS
from containerizers.stamp import Stamp
from transport import decoders
from transport.pid import Address, Pid

_FILE = "executor_node.json"


class _Whereabouts(msgspec.Struct, frozen=True):
    host: str
    port: int
    process: int
    started: int
    boot: str
    #: What it was told of containers.
    flags: tuple[str, ...] = ()


_DECODER: Final = decoders.of_json(_Whereabouts)


def write(runtime_dir: Path, address: Address, flags: Sequence[str] = ()) -> None:
    """Tell where the node of this process listens, and its flags of containers; raises OSError."""
    stamp = Stamp.of(os.getpid())
    assert stamp is not None
    content = msgspec.json.encode(
        _Whereabouts(address.host, address.port, stamp.process, stamp.started, stamp.boot, tuple(flags))
    )
    unfinished = runtime_dir / f"{_FILE}.{os.getpid()}"
    unfinished.write_bytes(content)
    unfinished.replace(runtime_dir / _FILE)


def read(runtime_dir: Path) -> Pid | None:
    """The actor `executors` of the node that wrote it; None when none did, or that process is no more."""
    told = _read(runtime_dir)
    return None if told is None else Pid(EXECUTORS, told.host, told.port)


def process(runtime_dir: Path) -> int | None:
    """The process of that node, likewise."""
    told = _read(runtime_dir)
    return None if told is None else told.process


def flags(runtime_dir: Path) -> tuple[str, ...] | None:
    """What that node was told of containers, likewise."""
    told = _read(runtime_dir)
    return None if told is None else told.flags


def _read(runtime_dir: Path) -> _Whereabouts | None:
    try:
        told = _DECODER.decode((runtime_dir / _FILE).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return told if Stamp(told.process, told.started, told.boot).runs else None
