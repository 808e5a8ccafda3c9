"""What the GPUs of this host do, as `nvidia-smi` tells it; a host without it has none."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

_PROGRAM: Final = "nvidia-smi"
_FORMAT: Final = "--format=csv,noheader,nounits"
#: It takes a second where the driver must be loaded first; one that hangs must not hold up who asks.
_TIMEOUT_SECONDS: Final = 10.0
#: What was read is told again for so long.
_REST_SECONDS: Final = 5.0
_MIB: Final = 2**20

#: What is asked for of each GPU, in the order of `Gpu`.
_OF_GPU: Final = (
    "index",
    "uuid",
    "name",
    "utilization.gpu",
    "memory.total",
    "memory.used",
    "temperature.gpu",
    "power.draw",
)
#: And of each program that computes on one, in the order of `GpuProcess`.
_OF_PROCESS: Final = ("pid", "gpu_uuid", "used_memory")


class Gpu(msgspec.Struct, frozen=True):
    """One GPU; None is what it does not tell."""

    index: int
    uuid: str
    name: str
    utilization_percent: float | None = None
    memory_total_bytes: int | None = None
    memory_used_bytes: int | None = None
    temperature_celsius: float | None = None
    power_watts: float | None = None


class GpuProcess(msgspec.Struct, frozen=True):
    """A process that computes on a GPU."""

    process: int
    uuid: str
    memory_bytes: int | None = None


class Gpus(msgspec.Struct, frozen=True):
    """What was found at one time."""

    gpus: tuple[Gpu, ...] = ()
    processes: tuple[GpuProcess, ...] = ()

    def memory_of(self, members: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
        """By container id, how many bytes of the memory of GPUs each takes; `members` are its processes."""
        owners = {process: container_id for container_id, some in members.items() for process in some}
        found: dict[str, int] = {}
        for one in self.processes:
            owner = owners.get(one.process)
            if owner is not None:
                found[owner] = found.get(owner, 0) + (one.memory_bytes or 0)
        return found


class GpuReader:
    """Asks the program, at most every few seconds; for any thread, which may have to wait."""

    def __init__(self, program: str = _PROGRAM, now: Callable[[], float] = time.monotonic) -> None:
        self._program = shutil.which(program)
        self._now = now
        self._turn = threading.Lock()
        self._last: Gpus | None = None
        self._read_at = 0.0

    @property
    def is_there(self) -> bool:
        """Whether this host may have GPUs."""
        return self._program is not None

    def read(self) -> Gpus:
        """All that is known; nothing when the program fails."""
        with self._turn:
            if self._last is None or self._now() - self._read_at >= _REST_SECONDS:
                gpus = tuple(_gpu(row) for row in self._ask("gpu", _OF_GPU))
                processes = [_process(row) for row in self._ask("compute-apps", _OF_PROCESS)] if gpus else ()
                self._last = Gpus(gpus, tuple(processes))
                self._read_at = self._now()
            return self._last

    def _ask(self, what: str, fields: tuple[str, ...]) -> Iterator[list[str]]:
        if self._program is None:
            return
        command = [self._program, f"--query-{what}={','.join(fields)}", _FORMAT]
        try:
            answer = subprocess.run(  # noqa: S603  all of it is written here, but for the path
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_SECONDS,
                check=True,
                encoding="utf-8",
                errors="replace",
            )
        except (OSError, subprocess.SubprocessError):
            return
        for line in answer.stdout.splitlines():
            row = [field.strip() for field in line.split(",")]
            if len(row) == len(fields) and row[0].isdecimal():
                yield row


def _gpu(row: list[str]) -> Gpu:
    return Gpu(
        index=int(row[0]),
        uuid=row[1],
        name=row[2],
        utilization_percent=_number(row[3]),
        memory_total_bytes=_bytes(row[4]),
        memory_used_bytes=_bytes(row[5]),
        temperature_celsius=_number(row[6]),
        power_watts=_number(row[7]),
    )


def _process(row: list[str]) -> GpuProcess:
    return GpuProcess(process=int(row[0]), uuid=row[1], memory_bytes=_bytes(row[2]))


def _number(text: str) -> float | None:
    """What it tells, unless that is `[N/A]` or `[Not Supported]`."""
    try:
        return float(text)
    except ValueError:
        return None


def _bytes(text: str) -> int | None:
    mebibytes = _number(text)
    return None if mebibytes is None else round(mebibytes * _MIB)
