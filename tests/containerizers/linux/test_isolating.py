from __future__ import annotations

import os
import pwd
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from containerizers.containerizer import Ended, Launched
from containerizers.linux.containerizer import LinuxContainerizer
from containerizers.spec import Isolation, Limits, RLimit
from tests.containerizers.containers import read_number, runs, wait_until
from tests.containerizers.linux.containers import (
    GROUPS,
    NAMESPACES,
    LinuxContainers,
    children,
    groups_left,
    members,
    open_files,
)
from tests.containerizers.test_process import DAEMONS, entries

ISOLATIONS = {"with namespaces": NAMESPACES, "without namespaces": GROUPS}
MEGABYTE = 1 << 20


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[LinuxContainers]:
    with LinuxContainers(tmp_path) as made:
        yield made


@pytest.fixture(params=list(ISOLATIONS.values()), ids=list(ISOLATIONS))
def isolation(request: pytest.FixtureRequest) -> Isolation:
    assert isinstance(request.param, Isolation)
    return request.param


# What a program is given, and how it ends.


def test_how_it_ended_is_told_exactly(containers: LinuxContainers, isolation: Isolation) -> None:
    assert containers.run("zero", "true", isolation=isolation).status == 0
    assert containers.run("many", "sh", "-c", "exit 137", isolation=isolation).status == 137 << 8
    assert containers.run("killed", "sh", "-c", "kill -9 $$", isolation=isolation).status == signal.SIGKILL
    status = containers.run("dumped", "sh", "-c", "kill -SEGV $$", isolation=isolation).status
    assert status is not None and os.WTERMSIG(status) == signal.SIGSEGV
    assert entries(containers.runtime_dir) == []


def test_its_start_is_told_before_its_end(containers: LinuxContainers, isolation: Isolation) -> None:
    containers.run("one", "true", isolation=isolation)
    assert containers.events == [Launched("one", containers.launched["one"]), Ended("one", 0)]


def test_fifty_at_once_each_end_with_their_own_code(containers: LinuxContainers) -> None:
    codes = {f"c{number}": number % 7 for number in range(50)}
    for container_id, code in codes.items():
        containers.sh(container_id, f"exit {code}", isolation=Isolation(namespaces=("pid",)))
    containers.wait(*codes)
    assert {one: containers.ended[one].status for one in codes} == {
        one: code << 8 for one, code in codes.items()
    }
    assert entries(containers.runtime_dir) == []


def test_the_program_is_not_the_first_process_of_its_namespace(
    containers: LinuxContainers, tmp_path: Path
) -> None:
    script = (
        "echo $$ $PPID > out; until grep -q ^container /proc/1/comm; do :; done; cat /proc/1/cmdline >> out"
    )
    containers.run("one", "sh", "-c", script, isolation=NAMESPACES)
    assert (tmp_path / "out").read_text() == "2 0\ncontainer\0"


def test_it_has_its_streams_and_no_other_descriptor(
    containers: LinuxContainers, isolation: Isolation, tmp_path: Path
) -> None:
    files = {"stdout": str(tmp_path / "out"), "stderr": str(tmp_path / "err")}
    containers.run("one", "ls", "-l", "/proc/self/fd", isolation=isolation, **files)
    # What `ls` opens to list them is the one more.
    links = dict(line.split()[-3::2] for line in (tmp_path / "out").read_text().splitlines()[1:])
    assert links.pop("3").endswith("/fd")
    assert links == {"0": "/dev/null", "1": str(tmp_path / "out"), "2": str(tmp_path / "err")}


def test_it_gets_signals_as_any_program_does(containers: LinuxContainers, tmp_path: Path) -> None:
    containers.run("one", "cat", "/proc/self/status", isolation=NAMESPACES, stdout=str(tmp_path / "out"))
    fields = dict(line.split(":\t", 1) for line in (tmp_path / "out").read_text().splitlines())
    assert {fields[name] for name in ("SigBlk", "SigIgn", "SigCgt")} == {"0" * 16}


def test_it_leads_a_session_in_its_directory(
    containers: LinuxContainers, isolation: Isolation, tmp_path: Path
) -> None:
    containers.sh("one", "pwd > where; exec sleep 1000", isolation=isolation)
    wait_until(lambda: (tmp_path / "where").exists() and (tmp_path / "where").read_text(), "it wrote")
    process = containers.launched["one"]
    assert (tmp_path / "where").read_text() == f"{tmp_path}\n"
    assert os.getsid(process) == os.getpgid(process) == process


def test_it_has_the_environment_it_is_given_and_that_can_be_read(containers: LinuxContainers) -> None:
    containers.launch("one", "sleep", "1000", isolation=NAMESPACES, environment={"PATH": "/bin", "A": "b=c"})
    environment = dict(containers.containerizer.environment("one"))
    assert environment.pop("PION_CONTAINER") == f"one@{containers.runtime_dir}"
    assert environment == {"PATH": "/bin", "A": "b=c"}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"arguments": ("no-such-program",)}, "program 'no-such-program': No such file or directory"),
        ({"arguments": ("/etc/passwd",)}, "program '/etc/passwd': Permission denied"),
        ({"arguments": ()}, "arguments: must name a program"),
        ({"directory": "/no/such"}, "directory '/no/such': is no directory"),
        ({"user": "no-such-user"}, "user 'no-such-user': there is no such user"),
        ({"stdout": "/no/such/file"}, "stdout '/no/such/file': No such file or directory"),
        ({"arguments": ("sh", "a\0b")}, "arguments and environment: embedded null byte"),
        ({"environment": {"A=B": "c"}}, "arguments and environment: illegal environment variable name"),
    ],
)
def test_what_cannot_be_started_ends_with_the_reason(
    containers: LinuxContainers, isolation: Isolation, wrong: dict[str, object], error: str
) -> None:
    # Other tests may have left some that nobody reaped.
    before = children()
    others = dict(wrong)
    arguments = others.pop("arguments", ("true",))
    assert isinstance(arguments, tuple)
    assert containers.run("one", *arguments, isolation=isolation, **others) == Ended("one", None, error)
    assert containers.launched == {}
    assert entries(containers.runtime_dir) == []
    assert {name for process, name in children().items() if process not in before} <= {"python"}


def test_a_namespace_that_there_is_not_is_refused(containers: LinuxContainers) -> None:
    ended = containers.run("one", "true", isolation=Isolation(namespaces=("pid", "time")))
    assert ended.error.startswith("namespaces: there is none 'time'; there are ")


def test_it_runs_as_its_user_with_all_their_groups(containers: LinuxContainers, tmp_path: Path) -> None:
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    user = pwd.getpwnam("nobody")
    os.chown(sandbox, user.pw_uid, user.pw_gid)
    isolation = Isolation(namespaces=("pid", "ipc"), rlimits=(RLimit(name="nofile", soft=100, hard=200),))
    script = "id -u; id -g; id -G; grep -c CapEff:.0000000000000000 /proc/self/status; ulimit -n; ulimit -Hn"
    out = str(sandbox / "out")
    assert containers.run(
        "one", "sh", "-c", script, user="nobody", directory="/", stdout=out, isolation=isolation
    ) == Ended("one", 0)
    groups = " ".join(map(str, os.getgrouplist("nobody", user.pw_gid)))
    expected = [str(user.pw_uid), str(user.pw_gid), groups, "1", "100", "200"]
    assert (sandbox / "out").read_text().splitlines() == expected
    assert (sandbox / "out").stat().st_uid == user.pw_uid


def test_its_hostname_is_its_own(containers: LinuxContainers, tmp_path: Path) -> None:
    isolation = Isolation(namespaces=("uts",), hostname="elsewhere")
    containers.run("one", "hostname", isolation=isolation, stdout=str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "elsewhere\n"
    assert os.uname().nodename != "elsewhere"


def test_its_control_groups_look_like_the_root_in_a_namespace_of_them(
    containers: LinuxContainers, tmp_path: Path
) -> None:
    isolation = Isolation(namespaces=("cgroup",))
    containers.run("one", "cat", "/proc/self/cgroup", isolation=isolation, stdout=str(tmp_path / "out"))
    lines = (tmp_path / "out").read_text().splitlines()
    assert "pids:/" in [line.partition(":")[2] for line in lines]


# Signals, and the end of all of it.


def test_a_signal_ends_a_program_that_has_no_handler_for_it(
    containers: LinuxContainers, isolation: Isolation
) -> None:
    containers.launch("one", "sleep", "1000", isolation=isolation)
    containers.containerizer.signal("one", signal.SIGTERM)
    containers.wait("one")
    assert containers.ended["one"] == Ended("one", signal.SIGTERM)


def test_a_signal_reaches_every_process_of_a_container(
    containers: LinuxContainers, isolation: Isolation, tmp_path: Path
) -> None:
    wait = "echo >> ready; while :; do sleep 0.01; done"
    (tmp_path / "child").write_text(f"trap 'echo child >> ended; exit' TERM; {wait}")
    script = f"setsid sh child & trap 'wait; echo parent >> ended; exit' TERM; {wait}"
    containers.sh("one", script, isolation=isolation)
    ready = tmp_path / "ready"
    wait_until(lambda: ready.exists() and ready.read_text() == "\n\n", "both are ready")
    containers.containerizer.signal("one", signal.SIGTERM)
    containers.wait("one")
    assert (tmp_path / "ended").read_text() == "child\nparent\n"


def test_one_that_ignores_signals_is_destroyed(
    containers: LinuxContainers, isolation: Isolation, tmp_path: Path
) -> None:
    containers.sh("one", "trap '' TERM; echo > ready; while :; do sleep 1000; done", isolation=isolation)
    wait_until((tmp_path / "ready").exists, "it listens")
    containers.containerizer.signal("one", signal.SIGTERM)
    containers.containerizer.destroy("one")
    containers.wait("one")
    assert containers.ended["one"] == Ended("one", signal.SIGKILL)


@pytest.mark.parametrize("script", DAEMONS.values(), ids=DAEMONS.keys())
@pytest.mark.parametrize("ends", [False, True], ids=["destroyed", "ended"])
def test_nothing_of_it_outlives_it(
    containers: LinuxContainers, isolation: Isolation, tmp_path: Path, script: str, ends: bool
) -> None:
    last = "exit 3" if ends else "sleep 1000"
    containers.sh("one", f"{script}\nwhile ! [ -s number ]; do sleep 0.01; done; {last}", isolation=isolation)
    read_number(tmp_path / "number")
    if not ends:
        left = members("one")
        assert len(left) >= 2
        containers.containerizer.destroy("one")
    containers.wait("one")
    assert containers.ended["one"].status == (3 << 8 if ends else signal.SIGKILL)
    assert members("one") == ()


def test_a_daemon_that_dropped_all_that_told_of_it_ends_with_it(
    containers: LinuxContainers, isolation: Isolation, tmp_path: Path
) -> None:
    daemon = "env -i /usr/bin/setsid /bin/sh -c 'echo > ready; exec /bin/sleep 1000' &"
    containers.sh("one", f"({daemon})\nwhile ! [ -e ready ]; do sleep 0.01; done", isolation=isolation)
    containers.wait("one")
    assert containers.ended["one"].status == 0
    assert members("one") == ()


def test_zombies_that_are_left_to_it_are_reaped(containers: LinuxContainers, tmp_path: Path) -> None:
    # Each of fifty children ends after its own child was left to the namespace's first process.
    script = "for i in $(seq 50); do (sleep 0.01 & true); done; sleep 0.1; touch done; sleep 1000"
    containers.sh("one", script, isolation=NAMESPACES)
    wait_until((tmp_path / "done").exists, "all are left")
    wait_until(lambda: len(members("one")) == 3, "only those that run are there")
    states = {
        line.split(") ")[1][0]
        for line in (path.read_text() for path in Path("/proc").glob("[0-9]*/stat") if path.exists())
        if int(line.split(")")[1].split()[1]) in members("one")
    }
    assert "Z" not in states


BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


def test_a_fork_bomb_does_not_leave_its_limit_and_can_be_destroyed(
    containers: LinuxContainers, isolation: Isolation
) -> None:
    limits = Limits(cpus_limit=0.5)
    containers.launch("bomb", "python3", "-c", BOMB, isolation=isolation, limits=limits)
    wait_until(lambda: len(members("bomb")) == 100, "it has gone off")
    # Others are not held up.
    assert containers.run("other", "true", isolation=isolation).status == 0
    assert len(members("bomb")) == 100
    containers.containerizer.destroy("bomb")
    containers.wait("bomb")
    assert members("bomb") == ()


# Memory.

HOG = "x = bytearray(200 << 20)"


def test_memory_above_its_limit_ends_it_with_the_reason(
    containers: LinuxContainers, isolation: Isolation
) -> None:
    limits = Limits(memory_limit_bytes=32 * MEGABYTE)
    ended = containers.run("hog", "python3", "-c", HOG, isolation=isolation, limits=limits)
    assert ended.status == signal.SIGKILL
    assert ended.limitation is not None
    assert ended.limitation.kind == "memory"
    assert ended.limitation.message == "Memory limit exceeded: Requested: 32MB Maximum Used: 32MB"
    assert ended.limitation.used is not None and ended.limitation.used <= 32 * MEGABYTE


def test_if_a_child_is_killed_for_memory_all_of_it_ends(
    containers: LinuxContainers, isolation: Isolation
) -> None:
    limits = Limits(memory_limit_bytes=32 * MEGABYTE)
    ended = containers.run(
        "hog", "sh", "-c", f"python3 -c '{HOG}'; sleep 1000", isolation=isolation, limits=limits
    )
    assert ended.status == signal.SIGKILL
    assert ended.limitation is not None and ended.limitation.kind == "memory"


def test_the_reason_is_right_each_time(containers: LinuxContainers) -> None:
    limits = Limits(memory_limit_bytes=16 * MEGABYTE)
    names = [f"hog-{number}" for number in range(100)]
    script = "tail /dev/zero; exit 0"
    for name in names:
        containers.sh(name, script, isolation=Isolation(namespaces=("pid",)), limits=limits)
        if len(containers.launched) - len(containers.ended) > 8:
            wait_until(lambda: len(containers.launched) - len(containers.ended) <= 8, "some have ended")
    containers.wait(*names)
    assert [one for one in names if containers.ended[one].limitation is None] == []


def test_limits_can_be_changed_while_it_runs(containers: LinuxContainers, tmp_path: Path) -> None:
    hog = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)\n" + HOG
    few = Limits(memory_limit_bytes=32 * MEGABYTE)
    containers.launch("hog", "python3", "-c", hog, isolation=NAMESPACES, limits=few)
    containers.containerizer.update("hog", Limits(memory_limit_bytes=512 * MEGABYTE))
    (tmp_path / "go").touch()
    containers.wait("hog")
    assert containers.ended["hog"] == Ended("hog", 0)


def test_limits_for_one_that_has_ended_change_nothing(containers: LinuxContainers) -> None:
    containers.run("one", "true", isolation=NAMESPACES)
    containers.containerizer.update("one", Limits(memory_limit_bytes=32 * MEGABYTE))
    assert groups_left() == ()


# What it uses.


def test_its_processes_are_told_without_the_one_that_does_nothing(
    containers: LinuxContainers, isolation: Isolation, tmp_path: Path
) -> None:
    containers.sh("one", "sleep 1000 & echo > ready; wait", isolation=isolation)
    wait_until((tmp_path / "ready").exists, "both run")
    processes = containers.containerizer.processes()["one"]
    assert len(processes) == 2
    assert containers.launched["one"] in processes
    usage = containers.containerizer.usage()["one"]
    assert usage.process == containers.launched["one"]
    assert usage.memory_bytes > 0
    assert usage.processes == 2
    assert usage.received_bytes is None


def test_what_goes_through_a_network_of_its_own_is_counted(containers: LinuxContainers) -> None:
    containers.launch("one", "sleep", "1000", isolation=Isolation(namespaces=("net",)))
    usage = containers.containerizer.usage()["one"]
    assert (usage.received_bytes, usage.sent_packets) == (0, 0)


# What the host sees of it.


def test_no_descriptor_and_no_process_is_left_of_those_that_ended(
    containers: LinuxContainers, isolation: Isolation
) -> None:
    containers.run("first", "true", isolation=isolation)
    open_before, children_before = open_files(), set(children())
    for number in range(8):
        containers.run(f"good-{number}", "true", isolation=isolation)
        containers.run(f"bad-{number}", "no-such-program", isolation=isolation)
    assert open_files() == open_before
    assert set(children()) == children_before


def test_closing_ends_its_helper_and_no_container(containers: LinuxContainers, tmp_path: Path) -> None:
    events: list[object] = []
    other = LinuxContainerizer(tmp_path / "runtime", events.append, None, containers.settings)
    before = set(children())
    other.launch("stays", containers.spec("sleep", "1000", isolation=NAMESPACES))
    (helper,) = [process for process, name in children().items() if process not in before and name != "sleep"]
    other.close()
    assert not runs(helper)
    assert containers.containerizer.recover() == ("stays",)
    containers.containerizer.adopt("stays")
    containers.containerizer.destroy("stays")
    containers.wait("stays")
    assert containers.ended["stays"] == Ended("stays", signal.SIGKILL)
