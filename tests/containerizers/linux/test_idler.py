from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from containerizers.linux import idler
from containerizers.stamp import Stamp
from tests.containerizers.containers import wait_until
from tests.containerizers.linux.containers import NAMESPACES, LinuxContainers

HERE = Path(__file__).parents[3]
MACHINES = ("x86_64", "aarch64")


def status(process: int) -> dict[str, str]:
    text = Path(f"/proc/{process}/status").read_text()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


def test_it_is_small_holds_nothing_and_may_do_nothing(tmp_path: Path) -> None:
    with LinuxContainers(tmp_path) as containers:
        containers.launch("one", "sleep", "1000", isolation=NAMESPACES)
        stamp = Stamp.parse((containers.runtime_dir / "containers/one/idler").read_text())
        assert stamp is not None
        folder = Path(f"/proc/{stamp.process}")
        wait_until(lambda: status(stamp.process)["Name"] == "container", "it has named itself")
        told = status(stamp.process)
        assert told["NSpid"].split() == [str(stamp.process), "1"]
        assert {told[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
        assert list((folder / "fd").iterdir()) == []
        assert (folder / "environ").read_bytes() == b""
        rollup = (folder / "smaps_rollup").read_text()
        sizes = {line.split(":")[0]: line.split()[-2] for line in rollup.splitlines()[1:]}
        assert int(sizes["Private_Clean"]) + int(sizes["Private_Dirty"]) <= 64  # kB
        assert (folder / "cwd").readlink() == Path("/")


def test_its_own_namespace_cannot_end_it(tmp_path: Path) -> None:
    with LinuxContainers(tmp_path) as containers:
        script = "for s in TERM INT KILL STOP CONT USR1; do kill -$s 1; done; kill -0 1 && exit 4"
        assert containers.run("one", "sh", "-c", script, isolation=NAMESPACES).status == 4 << 8


def test_who_ends_it_ends_the_container(tmp_path: Path) -> None:
    with LinuxContainers(tmp_path) as containers:
        containers.launch("one", "sleep", "1000", isolation=NAMESPACES)
        stamp = Stamp.parse((containers.runtime_dir / "containers/one/idler").read_text())
        assert stamp is not None
        stamp.kill()
        containers.wait("one")
        assert containers.ended["one"].status == signal.SIGKILL


def test_there_is_none_for_other_machines() -> None:
    assert idler.program("vax") is None
    assert idler.load("vax") is None


@pytest.mark.parametrize("machine", MACHINES)
def test_its_name_stands_where_its_instructions_say(machine: str) -> None:
    content = idler.program(machine)
    assert content is not None
    entry, header = struct.unpack_from("<QQ", content, 24)
    kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", content, header)
    assert (kind, offset, size) == (1, 0, len(content))
    code = content[entry - address :]
    if machine == "x86_64":
        (name,) = struct.unpack_from("<I", code, 6)
        name -= entry
    else:
        (instruction,) = struct.unpack_from("<I", code, 4)
        name = 4 + (instruction >> 5 & 0x7FFFF) * 4
    assert code[name:] == b"container\0"


def test_without_a_program_python_does_the_same() -> None:
    command = "from containerizers.linux.idler import idle; idle(None)"
    with subprocess.Popen([sys.executable, "-c", command], cwd=HERE) as process:
        wait_until(lambda: status(process.pid)["Name"] == "container", "it has begun")
        wait_until(lambda: not os.listdir(f"/proc/{process.pid}/fd"), "it holds nothing")  # noqa: PTH208
        process.kill()
