from __future__ import annotations

import contextlib
import errno
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from containerizers.census import MARK, Census
from containerizers.containerizer import Broken, Ended, Launched
from containerizers.process import ProcessContainerizer
from containerizers.stamp import Stamp
from tests.containerizers.containers import Containers, read_number, runs, wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def containers(tmp_path: Path) -> Iterator[Containers]:
    with Containers(tmp_path) as made:
        yield made


def entries(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


# What a program is given, and how it ends.


def test_an_exit_code_is_told_as_waitpid_gives_it(containers: Containers) -> None:
    assert containers.run("zero", "true").status == 0
    assert containers.run("one", "false").status == 1 << 8
    assert containers.run("many", "sh", "-c", "exit 42").status == 42 << 8


def test_a_signal_that_ended_it_is_told_as_waitpid_gives_it(containers: Containers) -> None:
    assert containers.run("killed", "sh", "-c", "kill -9 $$").status == signal.SIGKILL
    status = containers.run("aborted", "sh", "-c", "ulimit -c 0; kill -ABRT $$").status
    assert status is not None and os.WTERMSIG(status) == signal.SIGABRT


def test_its_start_is_told_before_its_end(containers: Containers) -> None:
    containers.run("one", "true")
    launched, ended = containers.events
    assert launched == Launched("one", containers.launched["one"])
    assert ended == Ended("one", 0)


def test_what_it_writes_is_appended_to_its_files(containers: Containers, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("before\n")
    files = {"stdout": str(tmp_path / "out"), "stderr": str(tmp_path / "err")}
    containers.run("one", "sh", "-c", "echo out; echo err >&2", **files)
    assert (tmp_path / "out").read_text() == "before\nout\n"
    assert (tmp_path / "err").read_text() == "err\n"


def test_it_has_the_environment_it_is_given_and_a_mark_and_nothing_more(
    containers: Containers, tmp_path: Path
) -> None:
    environment = {"COLOUR": "blue"}
    containers.run("one", "/usr/bin/env", environment=environment, stdout=str(tmp_path / "out"))
    mark = f"one@{containers.runtime_dir}"
    assert sorted((tmp_path / "out").read_text().splitlines()) == ["COLOUR=blue", f"{MARK}={mark}"]


def test_it_runs_in_its_directory_as_a_session_of_its_own(containers: Containers, tmp_path: Path) -> None:
    containers.sh("one", "pwd > where; exec sleep 1000")
    wait_until(lambda: (tmp_path / "where").exists() and (tmp_path / "where").read_text(), "it wrote")
    process = containers.launched["one"]
    assert (tmp_path / "where").read_text() == f"{tmp_path}\n"
    assert os.getsid(process) == os.getpgid(process) == process


def test_three_hundred_at_once_each_end_with_their_own_code(containers: Containers) -> None:
    codes = {f"c{number}": number % 7 for number in range(300)}
    for container_id, code in codes.items():
        containers.launch(container_id, "sh", "-c", f"exit {code}")
    containers.wait(*codes)
    assert {one: containers.ended[one].status for one in codes} == {
        one: code << 8 for one, code in codes.items()
    }
    assert entries(containers.runtime_dir) == []


# What is wrong with a spec is told as the end.


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"arguments": ("no-such-program",)}, "program 'no-such-program': No such file or directory"),
        ({"arguments": ()}, "arguments: must name a program"),
        ({"directory": "/no/such"}, "directory '/no/such': is no directory"),
        ({"user": "no-such-user"}, "user 'no-such-user': there is no such user"),
        ({"stdout": "/no/such/file"}, "stdout '/no/such/file': No such file or directory"),
        ({"stderr": "/dev/full"}, "stderr '/dev/full': is not a regular file"),
        ({"arguments": ("sh", "a\0b")}, "arguments and environment: embedded null byte"),
        ({"environment": {"A=B": "c"}}, "arguments and environment: illegal environment variable name"),
    ],
)
def test_what_cannot_be_started_ends_with_the_reason(
    containers: Containers, wrong: dict[str, object], error: str
) -> None:
    arguments = wrong.pop("arguments", ("true",))
    assert isinstance(arguments, tuple)
    assert containers.run("one", *arguments, **wrong) == Ended("one", None, error)
    assert containers.launched == {}
    assert entries(containers.runtime_dir) == []


def test_output_is_never_written_through_a_symbolic_link(containers: Containers, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("as it was")
    (tmp_path / "stdout").symlink_to(tmp_path / "precious")
    ended = containers.run("one", "echo", "gone", stdout=str(tmp_path / "stdout"))
    assert ended.error.startswith("stdout ")
    assert (tmp_path / "precious").read_text() == "as it was"


def test_a_pipe_in_place_of_the_output_does_not_block(containers: Containers, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stdout")
    assert containers.run("one", "true", stdout=str(tmp_path / "stdout")).error.startswith("stdout ")


def test_a_second_one_of_the_same_id_is_refused(containers: Containers) -> None:
    containers.launch("one", "sleep", "1000")
    with pytest.raises(ValueError, match="container one: is there already"):
        containers.launch("one", "true")


@pytest.mark.parametrize("container_id", ["", "..", "a/b", "a b", "a.", ".a", "a..b", "x" * 243])
def test_an_id_that_cannot_name_a_folder_is_refused(containers: Containers, container_id: str) -> None:
    with pytest.raises(ValueError, match="container id "):
        containers.launch(container_id, "true")


def test_it_runs_as_the_user_that_is_named_if_this_process_may_do_that(
    containers: Containers, tmp_path: Path
) -> None:
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    files = {"directory": "/", "stdout": str(sandbox / "out")}
    if os.geteuid() != 0:
        ended = containers.run("one", "true", user="nobody", **files)
        assert ended.error == "user 'nobody': only root may run programs of others"
        return
    nobody = pwd.getpwnam("nobody")
    os.chown(sandbox, nobody.pw_uid, nobody.pw_gid)
    assert containers.run("one", "sh", "-c", "id -un; id -G", user="nobody", **files).status == 0
    name, groups = (sandbox / "out").read_text().splitlines()
    assert name == "nobody"
    assert "0" not in groups.split()
    assert (sandbox / "out").stat().st_uid == nobody.pw_uid


def test_a_user_s_output_is_not_led_into_the_folder_of_another(
    containers: Containers, tmp_path: Path
) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "sandbox").symlink_to(tmp_path / "precious")
    ended = containers.run("one", "true", user="nobody", stdout=str(tmp_path / "sandbox/out"))
    assert ended.error.endswith(
        "its folder belongs to another user" if os.geteuid() == 0 else "only root may run programs of others"
    )
    assert list((tmp_path / "precious").iterdir()) == []


LIMITED = """
import resource, subprocess, sys, threading
from pathlib import Path
from containerizers.containerizer import Ended
from containerizers.spec import Spec
from containerizers.process import ProcessContainerizer
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
ended = threading.Event()
folder = Path(sys.argv[1])
told = lambda event: ended.set() if isinstance(event, Ended) else None
containerizer = ProcessContainerizer(folder / "runtime", told)
limits = "sleep 0.1; ulimit -Sn; ulimit -Hn"
spec = Spec(arguments=("/bin/sh", "-c", limits), directory="/", stdout=str(folder / "out"))
containerizer.launch("one", spec)
ended.wait(60)
containerizer.close()
print(hard, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_the_descriptors_that_this_process_allows_itself_are_not_passed_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hard, soft = output.split()
    assert soft == hard
    assert (tmp_path / "out").read_text().split() == ["200", hard]


# Signals, and the end of all of it.


def test_a_signal_reaches_every_process_of_a_container(containers: Containers, tmp_path: Path) -> None:
    wait = "echo >> ready; while :; do sleep 0.01; done"
    child = f"trap 'echo child >> ended; exit' TERM; {wait}"
    (tmp_path / "child").write_text(child)
    containers.sh("one", f"setsid sh child & trap 'wait; echo parent >> ended; exit' TERM; {wait}")
    ready = tmp_path / "ready"
    wait_until(lambda: ready.exists() and ready.read_text() == "\n\n", "both are ready")
    containers.containerizer.signal("one", signal.SIGTERM)
    containers.wait("one")
    assert (tmp_path / "ended").read_text() == "child\nparent\n"


def test_a_signal_to_one_that_is_no_more_does_nothing(containers: Containers) -> None:
    containers.run("one", "true")
    containers.containerizer.signal("one", signal.SIGKILL)
    containers.containerizer.destroy("one")
    assert containers.run("two", "true").status == 0
    assert len(containers.events) == 4


def test_one_that_ignores_signals_is_destroyed(containers: Containers, tmp_path: Path) -> None:
    containers.sh("one", "trap '' TERM; echo $$ > number; while :; do sleep 1000; done")
    read_number(tmp_path / "number")
    containers.containerizer.signal("one", signal.SIGTERM)
    containers.containerizer.destroy("one")
    containers.wait("one")
    assert containers.ended["one"].status == signal.SIGKILL


DAEMONS = {
    "a child": "sleep 1000 & echo $! > number",
    "a group of its own": "set -m; sleep 1000 & echo $! > number",
    "a session of its own": "setsid sh -c 'echo $$ > number; exec sleep 1000' &",
    "a daemon": """(setsid sh -c 'sh -c "echo \\$\\$ > number; exec sleep 1000" &' &)""",
}


@pytest.mark.parametrize("script", DAEMONS.values(), ids=DAEMONS.keys())
def test_what_the_first_process_leaves_behind_dies_before_the_end_is_told(
    containers: Containers, tmp_path: Path, script: str
) -> None:
    containers.sh("one", f"{script}\nwhile ! [ -s number ]; do sleep 0.01; done; exit 3")
    containers.wait("one")
    assert containers.ended["one"].status == 3 << 8
    assert not runs(read_number(tmp_path / "number"))


@pytest.mark.parametrize("script", DAEMONS.values(), ids=DAEMONS.keys())
def test_destroying_it_kills_all_that_it_started(containers: Containers, tmp_path: Path, script: str) -> None:
    containers.sh("one", f"{script}\nwhile :; do sleep 1000; done")
    number = read_number(tmp_path / "number")
    assert runs(number)
    containers.containerizer.destroy("one")
    containers.wait("one")
    assert not runs(number)


def test_a_child_that_dropped_its_environment_is_found_by_its_parent(
    containers: Containers, tmp_path: Path
) -> None:
    containers.sh("one", "env -i /usr/bin/setsid /bin/sh -c 'echo $$ > number; exec /bin/sleep 1000' & wait")
    number = read_number(tmp_path / "number")
    containers.containerizer.destroy("one")
    containers.wait("one")
    assert not runs(number)


def test_a_daemon_of_one_container_is_left_alone_when_another_ends(
    containers: Containers, tmp_path: Path
) -> None:
    containers.sh("one", f"{DAEMONS['a daemon']}\nwhile :; do sleep 1000; done")
    number = read_number(tmp_path / "number")
    containers.run("two", "true")
    assert runs(number)
    assert "one" not in containers.ended


def test_a_chase_ends_when_nothing_of_a_container_runs(containers: Containers, tmp_path: Path) -> None:
    # Each makes one more, in a session of its own, and ends: there is no telling where the next one is.
    hare = tmp_path / "hare"
    hare.write_text("#!/bin/sh\necho >> jumps\n[ $1 -gt 0 ] && setsid ./hare $(($1 - 1)) &\n")
    hare.chmod(0o755)
    containers.sh("one", "./hare 1000; ./hare 1000; exec sleep 1000")
    jumps = tmp_path / "jumps"
    wait_until(lambda: jumps.exists() and jumps.stat().st_size > 30, "they jump")
    containers.containerizer.destroy("one")
    containers.wait("one")
    far = jumps.stat().st_size
    containers.run("later", "sleep", "0.1")
    assert jumps.stat().st_size == far


# What can go wrong.


def test_a_lack_of_descriptors_is_waited_out(containers: Containers, monkeypatch: pytest.MonkeyPatch) -> None:
    take, refusals = Census.take, [errno.EMFILE, errno.ENFILE]

    def refused(census: Census, *arguments: Any) -> dict[str, list[int]]:
        if refusals:
            raise OSError(refusals.pop(), "no more of them")
        return take(census, *arguments)

    monkeypatch.setattr(Census, "take", refused)
    assert containers.run("one", "true").status == 0
    assert refusals == []


def test_a_containerizer_that_cannot_go_on_says_so_and_another_one_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(census: Census, *arguments: Any) -> dict[str, list[int]]:
        raise OSError(errno.EIO, "no idea")

    events: list[object] = []
    containerizer = ProcessContainerizer(tmp_path / "runtime", events.append)
    with Containers(tmp_path) as later:
        with monkeypatch.context() as patched:
            containerizer.launch(
                "one", later.spec("sh", "-c", "while ! [ -e go ]; do sleep 0.01; done; exit 3")
            )
            pid = later.runtime_dir / "containers/one/pid"
            wait_until(pid.exists, "it is remembered")
            patched.setattr(Census, "take", refused)
            containerizer.destroy("another")
            containerizer.signal("one", signal.SIGCONT)
            wait_until(lambda: len(events) == 2, "the failure is told")
        assert events[1] == Broken("the thread that waits for containers has ended: [Errno 5] no idea")
        containerizer.close()
        (tmp_path / "go").touch()
        later.containerizer.adopt("one")
        later.wait("one")
        # It ended unseen, or not; but it is a child of this process.
        assert later.ended["one"].status == 3 << 8


# One in another.


def test_a_nested_one_ends_with_its_parent(containers: Containers) -> None:
    containers.launch("outer", "sleep", "1000")
    containers.launch("outer.inner", "sleep", "1000")
    containers.launch("outer.inner.most", "sleep", "1000")
    containers.launch("other", "sleep", "1000")
    os.kill(containers.launched["outer"], signal.SIGTERM)
    containers.wait("outer")
    ends = [event.container_id for event in containers.events if isinstance(event, Ended)]
    assert sorted(ends) == ["outer", "outer.inner", "outer.inner.most"]
    assert ends[-1] == "outer"


def test_a_nested_one_needs_no_process_of_its_parent(containers: Containers) -> None:
    containers.launch("outer.one", "sleep", "1000")
    containers.launch("outer.two", "sleep", "1000")
    containers.launch("outer-2", "sleep", "1000")
    containers.containerizer.destroy("outer")
    containers.wait("outer.one", "outer.two")
    assert "outer-2" not in containers.ended


# After a crash.

CRASHER = """
import os, signal, sys
from pathlib import Path
from containerizers.spec import Spec
from containerizers.process import ProcessContainerizer
folder = sys.argv[1]
containerizer = ProcessContainerizer(Path(folder) / "runtime", lambda event: None)
environment = {"PATH": "/usr/bin:/bin"}
for container_id, script in zip(sys.argv[2::2], sys.argv[3::2]):
    arguments = ("sh", "-c", script)
    containerizer.launch(container_id, Spec(arguments=arguments, directory=folder, environment=environment))
sys.stdin.read(1)
os.kill(os.getpid(), signal.SIGKILL)
"""


def crash(folder: Path, scripts: dict[str, str], *files: str) -> None:
    """Have another process launch those, and kill it once there are these files."""
    words = [word for pair in scripts.items() for word in pair]
    with subprocess.Popen(
        [sys.executable, "-c", CRASHER, str(folder), *words], cwd=ROOT, stdin=subprocess.PIPE
    ) as process:
        for file in files:
            read_number(folder / file)
        process.kill()


def test_one_that_goes_on_gets_a_file_until_it_ends(containers: Containers) -> None:
    containers.launch("outer.inner", "sleep", "1000")
    pid = containers.runtime_dir / "containers/outer/containers/inner/pid"
    wait_until(lambda: pid.exists() and Stamp.parse(pid.read_text()), "the file is there")
    assert Stamp.parse(pid.read_text()) == Stamp.of(containers.launched["outer.inner"])
    containers.containerizer.destroy("outer.inner")
    containers.wait("outer.inner")
    assert entries(containers.runtime_dir) == []


@pytest.mark.parametrize("has_file", [False, True])
def test_what_runs_after_a_crash_is_recovered_and_adopted(tmp_path: Path, has_file: bool) -> None:
    sleeper = "echo $$ > number; exec sleep 1000"
    crash(tmp_path, {"one": sleeper, "over": "echo $$ > over"}, "number", "over")
    number = read_number(tmp_path / "number")
    wait_until(lambda: not runs(read_number(tmp_path / "over")), "the short one has ended")
    pid = tmp_path / "runtime/containers/one/pid"
    if has_file:
        pid.parent.mkdir(parents=True, exist_ok=True)
        pid.write_text(str(Stamp.of(number)))
    else:
        pid.unlink(missing_ok=True)
    with Containers(tmp_path) as containers:
        assert containers.containerizer.recover() == ("one",)
        containers.containerizer.adopt("one")
        assert containers.events == [Launched("one", number)]
        containers.containerizer.signal("one", signal.SIGTERM)
        containers.wait("one")
        assert containers.ended["one"] == Ended("one", None)
        assert containers.containerizer.recover() == ()
        assert entries(containers.runtime_dir) == []


def test_what_ended_unseen_is_told_when_it_is_adopted(tmp_path: Path) -> None:
    with Containers(tmp_path) as containers:
        containers.containerizer.adopt("one")
        containers.wait("one")
        assert containers.events == [Ended("one", None)]


def test_a_daemon_whose_parent_ended_unseen_is_recovered_and_killed(tmp_path: Path) -> None:
    script = f"{DAEMONS['a daemon']}\necho $$ > first; exec sleep 1000"
    crash(tmp_path, {"one": script}, "number", "first")
    number = read_number(tmp_path / "number")
    stamp = Stamp.of(read_number(tmp_path / "first"))
    assert stamp is not None
    folder = tmp_path / "runtime/containers/one"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pid").write_text(str(stamp))
    os.kill(stamp.process, signal.SIGKILL)
    wait_until(lambda: not stamp.runs, "the first process is gone")
    with Containers(tmp_path) as containers:
        assert containers.containerizer.recover() == ("one",)
        containers.containerizer.adopt("one")
        containers.wait("one")
        assert containers.events == [Ended("one", None)]
        assert not runs(number)


def test_another_process_of_the_same_number_is_not_taken_for_it(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        stamp = Stamp.of(stranger.pid)
        assert stamp is not None
        folder = tmp_path / "runtime/containers/one"
        folder.mkdir(parents=True)
        (folder / "pid").write_text(str(stamp._replace(started=stamp.started - 1)))
        with Containers(tmp_path) as containers:
            assert containers.containerizer.recover() == ()
            containers.containerizer.adopt("one")
            containers.wait("one")
        assert stranger.poll() is None
        stranger.kill()


def test_closing_leaves_containers_alone_but_for_those_told_to_end(tmp_path: Path) -> None:
    events: list[object] = []
    containerizer = ProcessContainerizer(tmp_path / "runtime", events.append)
    with Containers(tmp_path) as later:
        for container_id in ("stays", "goes"):
            containerizer.launch(container_id, later.spec("sleep", "1000"))
        stays, goes = (event.process for event in events if isinstance(event, Launched))
        containerizer.destroy("goes")
        containerizer.close()
        assert runs(stays)
        wait_until(lambda: not runs(goes), "it died")
        with contextlib.suppress(ChildProcessError):  # it may have been reaped in time
            os.waitpid(goes, 0)
        assert later.containerizer.recover() == ("stays",)
        later.containerizer.adopt("stays")
        later.containerizer.destroy("stays")
        later.wait("stays")
        # Adopted, and a child of this process all the same.
        assert later.ended["stays"].status == signal.SIGKILL
