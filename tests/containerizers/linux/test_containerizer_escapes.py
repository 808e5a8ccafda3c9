"""What a container tries in order to get out fails, and would not if nothing kept it (reliability.md S5)."""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, socket
from typing import NamedTuple

import msgspec
import pytest

from containerizers.linux.capabilities import DEFAULT, mask
from containerizers.spec import Isolation, Mount
from tests.containerizers.containers import read_number, wait_until
from tests.containerizers.linux import attempts
from tests.containerizers.linux.attempts import ATTEMPTS
from tests.containerizers.linux.containers import LinuxContainers
from tests.containerizers.linux.public import public_folder

#: What an agent gives to tasks with all isolators on.
DEFAULT_ISOLATION = Isolation(
    namespaces=("pid", "mount", "ipc"),
    shm_bytes=64 << 20,
    private_tmp=True,
    bounding_capabilities=DEFAULT,
    no_new_privileges=True,
    seccomp="default",
    devices=(),
    read_only_host=True,
)
#: Who tries it, and whether its /tmp is its own.
CASES = {
    "a user": ("nobody", True),
    "a user on the host's /tmp": ("nobody", False),
    "root": ("root", True),
    "root on the host's /tmp": ("root", False),
}
#: Looks for processes that join its container, and for what they are before they are its own: the launcher's,
#: whose program and open files are the host's. Tells how many it met, and those that it could look into.
WATCHER = """
import os
own, met = os.getpid(), set()
program = os.readlink("/proc/self/exe").rsplit("/", 1)[1]
while True:
    for name in os.listdir("/proc"):
        if not name.isdecimal() or int(name) in (1, own):
            continue
        try:
            found = os.readlink(f"/proc/{name}/exe")
        except PermissionError:
            met.add(name)
            with open("met.new", "w") as file: print(len(met), file=file)
            os.rename("met.new", "met")
        except OSError:
            pass
        else:
            if found.rsplit("/", 1)[1] == program:
                with open("caught", "a") as file: print(found, file=file)
"""
_MEETINGS = 10
#: Of no use to root.
FOR_USERS = "become_root_by_a_program_of_root"
NOBODY = 65534
SECRET = "secret-of-others"  # noqa: S105  of no use
_SHARED_MEMORY = 0x70696F6E


class Host(NamedTuple):
    """A host with an agent, dockerd and a process, and what is known of them."""

    folder: Path
    containers: LinuxContainers
    known: dict[str, object]

    @property
    def hidden(self) -> tuple[str, ...]:
        return (str(self.folder / "agent"), str(self.folder / "docker.sock"))


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with public_folder() as folder:
        yield from hosted(folder)


def hosted(folder: Path) -> Iterator[Host]:
    others = folder / "agent" / "other sandbox"
    others.mkdir(parents=True)
    files = {name: folder / path for name, path in FILES.items()}
    for file in files.values():
        file.write_text(SECRET, encoding="ascii")
    program = folder / "id"
    shutil.copy("/usr/bin/id", program)
    program.chmod(0o4755)
    with socket(AF_UNIX) as dockerd, shared_memory(), LinuxContainers(folder) as containers:
        dockerd.bind(str(folder / "docker.sock"))
        dockerd.listen()
        with subprocess.Popen(["sleep", "1000"], env={"SECRET": SECRET}, user=NOBODY) as process:
            known = {
                **{name: str(file) for name, file in files.items()},
                "process": process.pid,
                "secret": SECRET,
                "socket": str(folder / "docker.sock"),
                "shared_memory": _SHARED_MEMORY,
                "setuid_program": str(program),
            }
            host = Host(folder, containers, known)
            start_another(host)
            yield host
            process.kill()


FILES = {"agents_file": "agent/key", "others_file": "agent/other sandbox/file", "hosts_file": "file of root"}


def start_another(host: Host) -> None:
    """Start a container of the same user that has the secret, too."""
    sandbox = host.folder / "agent" / "other sandbox"
    os.chown(sandbox, NOBODY, NOBODY)
    isolation = msgspec.structs.replace(DEFAULT_ISOLATION, hidden=host.hidden)
    environment = {"PATH": os.defpath, "SECRET": SECRET}
    script = "echo $$ >began; exec sleep 1000"
    others = {"directory": str(sandbox), "environment": environment, "user": "nobody", "isolation": isolation}
    host.containers.sh("other", script, **others)
    read_number(sandbox / "began")


@contextmanager
def shared_memory() -> Iterator[None]:
    """A segment that anybody on the host may use."""
    libc = ctypes.CDLL(None)
    segment = libc.shmget(_SHARED_MEMORY, 4096, 0o1666)
    assert segment >= 0
    try:
        yield
    finally:
        libc.shmctl(segment, 0, None)


def sandbox_of(host: Host, name: str, user: str) -> Path:
    sandbox = host.folder / "agent" / name
    sandbox.mkdir()
    if user == "nobody":
        os.chown(sandbox, NOBODY, NOBODY)
    return sandbox


def python_in(sandbox: Path, isolation: Isolation) -> tuple[str, Isolation]:
    """The path of this Python in a container, and the isolation that shows it there, whoever runs it."""
    prefix = os.path.realpath(sys.base_prefix)
    program = os.path.relpath(os.path.realpath(sys.executable), prefix)
    if "mount" not in isolation.namespaces:
        return f"{prefix}/{program}", isolation
    volume = Mount(target="python", source=prefix, read_only=True)
    return f"{sandbox}/python/{program}", msgspec.structs.replace(isolation, mounts=(volume,))


def tried(host: Host, name: str, user: str, isolation: Isolation) -> dict[str, str]:
    """What became of all attempts of a container; nothing of those that got what they wanted."""
    sandbox = sandbox_of(host, name, user)
    shutil.copy(attempts.__file__, sandbox / "attempts.py")
    python, kept = python_in(sandbox, isolation)
    answer = sandbox / "answer"
    known = json.dumps(
        {**host.known, "first": 1 if isolation.namespaces else os.getpid(), "answer": str(answer)}
    )
    arguments = (python, "-I", "-S", "attempts.py", known)
    files = {"stdout": str(sandbox / "stdout"), "stderr": str(sandbox / "stderr")}
    others = {"directory": str(sandbox), "user": user, "isolation": kept}
    ended = host.containers.run(name, *arguments, **others, **files)
    assert ended.status == 0, (ended, (sandbox / "stderr").read_text(encoding="utf-8"))
    found = json.loads(answer.read_text(encoding="ascii"))
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module", params=list(CASES.values()), ids=list(CASES))
def kept(host: Host, request: pytest.FixtureRequest) -> dict[str, str]:
    """What became of the attempts of one that is kept from the host as tasks are."""
    user, private_tmp = request.param
    isolation = msgspec.structs.replace(DEFAULT_ISOLATION, private_tmp=private_tmp, hidden=host.hidden)
    return tried(host, f"kept-{user}-{private_tmp}", user, isolation)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_no_container_can(name: str, kept: dict[str, str]) -> None:
    assert kept[name] != "", f"{name}: it could"


@pytest.fixture(scope="module")
def free(host: Host) -> dict[str, str]:
    """What became of those of root that nothing keeps."""
    return tried(host, "free-root", "root", Isolation())


@pytest.mark.parametrize("name", [name for name in ATTEMPTS if name != FOR_USERS])
def test_without_isolation_root_can(name: str, free: dict[str, str]) -> None:
    assert free[name] == ""


def test_without_isolation_a_user_can_become_root(host: Host) -> None:
    sandbox = sandbox_of(host, "free-nobody", "nobody")
    others = {"directory": str(sandbox), "user": "nobody", "stdout": str(sandbox / "stdout")}
    host.containers.run("free-nobody", str(host.known["setuid_program"]), "-u", **others)
    assert (sandbox / "stdout").read_text(encoding="ascii") == "0\n"


@pytest.mark.parametrize(("user", "effective"), [("root", mask(DEFAULT)), ("nobody", 0)])
def test_what_a_program_may_do_is_what_the_kernel_says(user: str, effective: int, host: Host) -> None:
    isolation = msgspec.structs.replace(DEFAULT_ISOLATION, hidden=host.hidden)
    sandbox = sandbox_of(host, f"status-{user}", user)
    stdout = sandbox / "stdout"
    others = {"directory": str(sandbox), "user": user, "isolation": isolation, "stdout": str(stdout)}
    host.containers.run(f"status-{user}", "cat", "/proc/self/status", **others)
    lines = stdout.read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":\t", 1) for line in lines)
    assert int(fields["CapEff"], 16) == effective
    assert int(fields["CapBnd"], 16) == mask(DEFAULT)
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")


def test_nobody_can_look_into_what_joins_a_container_before_it_is_one_of_its_own(host: Host) -> None:
    sandbox = sandbox_of(host, "watched", "root")
    python, kept = python_in(sandbox, msgspec.structs.replace(DEFAULT_ISOLATION, hidden=host.hidden))
    others = {"directory": str(sandbox), "user": "root"}
    host.containers.launch("watched", python, "-I", "-S", "-c", WATCHER, isolation=kept, **others)
    met, number = sandbox / "met", itertools.count()

    def has_met_many() -> bool:
        host.containers.run(f"watched.check-{next(number)}", "true", inside=True, isolation=kept, **others)
        return met.exists() and int(met.read_text(encoding="ascii")) >= _MEETINGS

    wait_until(has_met_many, "it has met many")
    host.containers.containerizer.destroy("watched")
    host.containers.wait("watched")
    assert not (sandbox / "caught").exists()


def test_what_joins_a_container_may_do_no_more_than_the_container(host: Host) -> None:
    sandbox = sandbox_of(host, "joined", "root")
    isolation = msgspec.structs.replace(DEFAULT_ISOLATION, hidden=host.hidden)
    others = {"directory": str(sandbox), "user": "root"}
    host.containers.launch("joined", "sleep", "1000", isolation=isolation, **others)
    stdout = str(sandbox / "stdout")
    host.containers.run("joined.check", "cat", "/proc/self/status", inside=True, stdout=stdout, **others)
    lines = Path(stdout).read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":\t", 1) for line in lines)
    assert int(fields["CapBnd"], 16) == int(fields["CapEff"], 16) == mask(DEFAULT)
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
