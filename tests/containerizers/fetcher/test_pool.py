from __future__ import annotations

import os
import pwd
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from containerizers.fetcher.order import Wanted
from tests.containerizers.containers import runs, wait_until
from tests.containerizers.fetcher.rig import Rig, info, tar, zipped
from tests.containerizers.fetcher.servers import WebServer, answer, ok, redirect

ROOT = os.geteuid() == 0
LOCALHOST = Path(__file__).with_name("localhost.pem")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(tmp_path) as rig:
        yield rig


def children(parent: int | None = None) -> list[int]:
    """Processes that fetch for this one."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # Its name may have blanks and brackets; what follows it has none.
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if above == (os.getpid() if parent is None else parent) and b"containerizers.fetcher.program" in line:
            found.append(int(folder.name))
    return found


class Gate:
    """An answer that begins, and goes on when it is told to."""

    def __init__(self, server: WebServer, missing: int = 0) -> None:
        self._server = server
        self._missing = missing
        self.opened = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        connection.sendall(answer("200 OK", f"Content-Length: {7 + self._missing}") + b"con")
        while not self.opened.wait(0.05) and not self._server.over.is_set():
            pass
        connection.sendall(b"tent")


# Files and folders.


def test_files_come_by_their_names(rig: Rig) -> None:
    with WebServer({"/b": ok(b"web")}) as server:
        assert rig.fetch(rig.put("a"), server.url("/b"), Wanted(uri=rig.put("c"), output_file="d/e")) == ""
    assert rig.fetched() == {"a": b"content", "b": b"web", "d/e": b"content"}
    assert (rig.sandbox / "a").stat().st_mode & 0o7777 == 0o644
    assert (rig.sandbox / "d").stat().st_mode & 0o7777 == 0o755


def test_what_is_to_be_executed_is_and_is_no_archive(rig: Rig) -> None:
    assert rig.fetch(Wanted(uri=rig.put("a.tar", tar(("b", b""))), executable=True)) == ""
    assert list(rig.fetched()) == ["a.tar"]
    assert (rig.sandbox / "a.tar").stat().st_mode & 0o7777 == 0o755


def test_an_archive_is_unpacked_beside_itself(rig: Rig) -> None:
    packed = rig.put("a.tgz", tar(("b/c", b"1"), packing="gz"))
    assert rig.fetch(packed, Wanted(uri=rig.put("d.zip", zipped({"e": b"2"})), output_file="f/d.zip")) == ""
    assert sorted(rig.fetched()) == ["a.tgz", "b/c", "e", "f/d.zip"]


def test_it_is_not_unpacked_where_nobody_wants_that(rig: Rig) -> None:
    assert rig.fetch(Wanted(uri=rig.put("a.tar", tar(("b", b""))), extract=False)) == ""
    assert list(rig.fetched()) == ["a.tar"]


def test_the_later_of_two_with_one_name_stays(rig: Rig) -> None:
    (rig.shelf / "other").mkdir()
    assert rig.fetch(rig.put("a", b"one"), rig.put("other/a", b"two")) == ""
    assert rig.fetched() == {"a": b"two"}


def test_a_relative_path_begins_at_the_home_of_frameworks(tmp_path: Path) -> None:
    with Rig(tmp_path, frameworks_home=str(tmp_path / "shelf")) as rig:
        rig.put("a")
        assert rig.fetch("a") == ""
        assert list(rig.fetched()) == ["a"]


def test_what_is_done_is_told_in_the_folder(rig: Rig) -> None:
    uri = rig.put("a.tar", tar(("b", b"")))
    assert rig.fetch(uri) == ""
    assert (rig.sandbox / "stdout").read_text() == (
        f"Fetching URI '{uri}'\nExtracted 'a.tar' into '{rig.sandbox}'\n"
        f"Fetched '{uri}' to '{rig.sandbox}/a.tar'\n"
    )
    assert (rig.sandbox / "stderr").read_text() == ""


def test_what_fails_is_told_there_too_and_ends_the_order(rig: Rig) -> None:
    missing = f"file://{rig.shelf}/missing"
    told = f"Failed to fetch '{missing}': file '{rig.shelf}/missing': No such file or directory"
    assert rig.fetch(rig.put("a"), missing, rig.put("b")) == told
    assert (rig.sandbox / "stderr").read_text() == told + "\n"
    assert list(rig.fetched()) == ["a"]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (Wanted(uri="hdfs://host/a"), "no Hadoop client"),
        (Wanted(uri="/a", output_file="../a"), "output_file: must not be '..'"),
        (Wanted(uri="http://169.254.169.254/latest"), "must not be asked"),
        (Wanted(uri="/proc/self/environ"), "nothing may be fetched from"),
        (Wanted(uri="http://host/a\nb"), "control characters"),
        (Wanted(uri="http://me:secret@127.0.0.1:1/a"), "http://me:***@127.0.0.1:1/a"),
    ],
)
def test_what_may_not_be_fetched_is_not(rig: Rig, wanted: Wanted, reason: str) -> None:
    error = rig.fetch(wanted)
    assert reason in error
    assert error + "\n" == (rig.sandbox / "stderr").read_text()
    assert "secret" not in error + (rig.sandbox / "stdout").read_text()
    assert rig.fetched() == {}


def test_the_agent_s_own_folders_are_hidden(tmp_path: Path) -> None:
    with Rig(tmp_path, hidden=(str(tmp_path / "shelf"),)) as rig:
        assert "nothing may be fetched from" in rig.fetch(rig.put("a"))
        cache = tmp_path / "cache" / "secret"
        cache.write_bytes(b"")
        assert "nothing may be fetched from" in rig.fetch(f"file://{cache}")


def test_nothing_is_left_of_a_file_that_is_not_complete(rig: Rig) -> None:
    with WebServer({"/a": answer("200 OK", "Content-Length: 9") + b"abc"}) as server:
        assert "ends 6 bytes before it should" in rig.fetch(server.url("/a"))
    assert rig.fetched() == {}


def test_an_attack_by_an_archive_fails_the_fetch(rig: Rig) -> None:
    error = rig.fetch(rig.put("a.tar", tar(("../evil", b"x"))))
    assert error.endswith("it cannot be unpacked: '../evil': must not lead up")
    assert not (rig.folder / "evil").exists()


def test_a_file_that_is_too_large_is_stopped(tmp_path: Path) -> None:
    with Rig(tmp_path, largest_bytes=1000) as rig:
        assert "1001 bytes, more than may be fetched" in rig.fetch(rig.put("a", b"x" * 1001))
        with WebServer({"/b": answer("200 OK") + b"x" * 5000}) as server:
            assert "larger than 1000 bytes in all" in rig.fetch(server.url("/b"))
        assert "than may be fetched" in rig.fetch(rig.put("c", b"x" * 600), rig.put("d", b"x" * 600))


def test_a_folder_or_a_log_that_cannot_be_written_to_is_an_error(rig: Rig) -> None:
    assert "No such file" in rig.fetch(rig.put("a"), directory=f"{rig.folder}/none")
    (rig.folder / "link").symlink_to(rig.sandbox)
    assert "Not a directory" in rig.fetch(rig.put("a"), directory=f"{rig.folder}/link")
    os.mkfifo(rig.sandbox / "fifo")
    assert "fifo" in rig.fetch(rig.put("a"), log=str(rig.sandbox / "fifo"))
    (rig.sandbox / "leads-on").symlink_to(rig.folder / "elsewhere")
    assert "leads-on" in rig.fetch(rig.put("a"), errors=str(rig.sandbox / "leads-on"))
    assert not (rig.folder / "elsewhere").exists()
    assert rig.fetch(rig.put("a"), log=None, errors=None) == ""


# Users.


def test_it_is_the_user_who_fetches(rig: Rig) -> None:
    if not ROOT:
        assert "only root may fetch for others" in rig.fetch(rig.put("a"), user="root")
        return
    nobody = pwd.getpwnam("nobody")
    os.chown(rig.sandbox, nobody.pw_uid, nobody.pw_gid)
    for folder in (rig.folder, *rig.folder.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o711)
    with WebServer({"/web": ok()}) as server:
        packed, plain = rig.put("a.tar", tar(("b", b"1"))), rig.put("c")
        assert rig.fetch(packed, Wanted(uri=plain, cache=True), server.url("/web"), user="nobody") == ""
    for name in ("a.tar", "b", "c", "web", "stdout", "stderr"):
        seen = (rig.sandbox / name).stat()
        assert (seen.st_uid, seen.st_gid) == (nobody.pw_uid, nobody.pw_gid), name
    assert rig.cached()[0].stat().st_uid == 0
    assert "file '/etc/shadow': Permission denied" in rig.fetch("file:///etc/shadow", user="nobody")
    assert "Permission denied" in rig.fetch(Wanted(uri="/etc/shadow", cache=True), user="nobody")
    secret = rig.put("secret", tar(("s", b"s")))
    (rig.shelf / "secret").chmod(0o600)
    assert rig.fetch(Wanted(uri=secret, cache=True)) == ""
    # What root has in the cache is not for others.
    assert "Permission denied" in rig.fetch(Wanted(uri=secret, cache=True), user="nobody")


def test_a_user_s_folder_that_is_another_s_is_left_alone(rig: Rig) -> None:
    for logs in ({}, {"log": None, "errors": None}):
        error = rig.fetch(rig.put("a"), user="nobody", **logs)
        assert error.endswith(": Permission denied" if ROOT else "only root may fetch for others")
    assert list(rig.sandbox.iterdir()) == []
    assert "there is no such user" in rig.fetch(rig.put("a"), user="no-such-user")


def test_a_disk_that_is_full_fails_the_fetch_and_nothing_else(rig: Rig) -> None:
    if not ROOT:
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(rig.sandbox)]
    subprocess.run(mount, check=True, timeout=60)
    try:
        error = rig.fetch(rig.put("a", b"x" * 1_000_000))
        assert error.endswith("cannot write: No space left on device")
        assert rig.fetched() == {}
        error = rig.fetch(rig.put("b.tar.gz", tar(("c", b"x" * 1_000_000), packing="gz")))
        assert error.endswith("cannot write: No space left on device")
    finally:
        subprocess.run(["umount", str(rig.sandbox)], check=True, timeout=60)


# The cache.


def cached(uri: str, **values: Any) -> Wanted:
    return Wanted(uri=uri, cache=True, **values)


def test_what_is_cached_is_not_downloaded_again(rig: Rig) -> None:
    with WebServer({"/a.tar": ok(tar(("b", b"1")))}) as server:
        for _ in range(3):
            assert rig.fetch(cached(server.url("/a.tar"))) == ""
        assert server.count("/a.tar") == 1
        # From the cache, an archive is unpacked without being there itself.
        assert rig.fetched() == {"b": b"1"}
        assert rig.fetch(cached(server.url("/a.tar"), executable=True)) == ""
        assert rig.fetch(cached(server.url("/a.tar"), extract=False, output_file="c/d")) == ""
        assert server.count("/a.tar") == 1
    assert sorted(rig.fetched()) == ["a.tar", "b", "c/d"]
    assert (rig.sandbox / "a.tar").stat().st_mode & 0o777 == 0o755
    (kept,) = rig.cached()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444
    assert not kept.samefile(rig.sandbox / "a.tar")
    assert " from the cache\n" in (rig.sandbox / "stdout").read_text()


def test_many_who_ask_at_once_share_one_download(rig: Rig) -> None:
    with WebServer({}) as server:
        gate = server.answers["/a"] = Gate(server)
        pending = []
        for number in range(20):
            (rig.folder / f"box{number}").mkdir()
            pending.append(rig.begin(cached(server.url("/a")), directory=str(rig.folder / f"box{number}")))
        wait_until(lambda: server.count("/a"), "a download")
        assert not any(one.is_over for one in pending)
        gate.opened.set()
        assert [one.result() for one in pending] == [""] * 20
        assert server.count("/a") == 1
    assert all((rig.folder / f"box{number}" / "a").read_bytes() == b"content" for number in range(20))


def test_what_was_wanted_least_lately_makes_room(tmp_path: Path) -> None:
    with Rig(tmp_path, cache_bytes=1000) as rig:
        for name in ("a", "b", "a", "c"):
            assert rig.fetch(cached(rig.put(name, b"x" * 400))) == ""
        assert rig.pool.statistics.cache_used_bytes == 800
        assert len(rig.cached()) == 2
        (rig.shelf / "a").unlink()
        (rig.shelf / "b").unlink()
        assert rig.fetch(cached(f"file://{rig.shelf}/a")) == ""
        assert "No such file" in rig.fetch(cached(f"file://{rig.shelf}/b"))


def test_what_does_not_fit_is_fetched_past_the_cache(tmp_path: Path) -> None:
    with Rig(tmp_path, cache_bytes=1000) as rig:
        assert rig.fetch(cached(rig.put("a", b"x" * 1001))) == ""
        assert "no room for 1001 bytes in the cache" in (rig.sandbox / "stdout").read_text()
        with WebServer({"/b": answer("200 OK") + b"of any size"}) as server:
            assert rig.fetch(cached(server.url("/b"))) == ""
        assert "nobody says how large it is" in (rig.sandbox / "stdout").read_text()
        assert sorted(rig.fetched()) == ["a", "b"]
        assert rig.cached() == []
        assert rig.pool.statistics.cache_used_bytes == 0


@pytest.mark.parametrize("place", ["off", "a file", "open to all"])
def test_without_a_cache_everything_is_fetched_directly(tmp_path: Path, place: str) -> None:
    cache = tmp_path / "cache"
    if place == "a file":
        cache.touch()
    elif place == "open to all":
        cache.mkdir()
        cache.chmod(0o777)
    with Rig(tmp_path, cache_bytes=0 if place == "off" else 1000) as rig:
        assert rig.fetch(cached(rig.put("a"))) == ""
        assert "not by way of the cache" in (rig.sandbox / "stdout").read_text()


def test_what_could_not_be_downloaded_fails_all_who_wait_and_is_tried_again_later(rig: Rig) -> None:
    with WebServer({}) as server:
        gate = server.answers["/a"] = Gate(server, missing=2)
        (rig.folder / "other").mkdir()
        ours = rig.begin(cached(server.url("/a")))
        other = rig.begin(cached(server.url("/a")), directory=str(rig.folder / "other"))
        wait_until(lambda: server.count("/a"), "a download")
        server.answers["/a"] = ok()
        gate.opened.set()
        assert "ends 2 bytes before it should" in ours.result()
        assert other.result() == ours.result()
        assert rig.cached() == []
        assert rig.fetch(cached(server.url("/a"))) == ""
        assert rig.fetched() == {"a": b"content"}


def test_what_somebody_took_out_of_the_cache_is_fetched_anew(rig: Rig) -> None:
    uri = rig.put("a")
    assert rig.fetch(cached(uri)) == ""
    rig.cached()[0].unlink()
    assert rig.fetch(cached(uri)) == ""
    assert rig.pool.statistics.cache_used_bytes == 0
    assert rig.fetch(cached(uri)) == ""
    rig.cached()[0].chmod(0o644)
    rig.cached()[0].write_bytes(b"other")
    assert rig.fetch(cached(uri)) == ""
    assert rig.fetched() == {"a": b"content"}


def test_one_of_two_who_wait_may_leave_and_the_last_ends_the_download(rig: Rig) -> None:
    with WebServer({}) as server:
        gate = server.answers["/a"] = Gate(server)
        (rig.folder / "other").mkdir()
        ours = rig.begin(cached(server.url("/a")))
        other = rig.begin(cached(server.url("/a")), directory=str(rig.folder / "other"))
        wait_until(lambda: server.count("/a"), "a download")
        other.stop()
        gate.opened.set()
        assert ours.result() == ""
        gate = server.answers["/b"] = Gate(server)
        last = rig.begin(cached(server.url("/b")))
        wait_until(lambda: server.count("/b"), "a download")
        last.stop()
        wait_until(lambda: not children(), "an end of all processes")
        server.answers["/b"] = ok()
        assert rig.fetch(cached(server.url("/b"))) == ""
        assert not other.answers
        assert not last.answers
    assert len(rig.cached()) == 2


# Processes.


def test_what_is_stopped_ends_with_its_process(rig: Rig) -> None:
    with WebServer({}) as server:
        server.answers["/a"] = Gate(server)
        pending = rig.begin(server.url("/a"))
        wait_until(lambda: server.count("/a"), "a download")
        assert len(children()) == 1
        pending.stop()
        pending.stop()
        wait_until(lambda: not children(), "an end of all processes")
        server.answers["/a"] = ok()
        assert rig.fetch(server.url("/a")) == ""
    assert not pending.answers
    statistics = rig.pool.statistics
    assert (statistics.succeeded, statistics.failed) == (1, 0)


def test_what_waits_may_be_stopped_too(tmp_path: Path) -> None:
    with Rig(tmp_path, parallel=1) as rig, WebServer({}) as server:
        server.answers["/a"] = Gate(server)
        first = rig.begin(server.url("/a"))
        second = rig.begin(server.url("/b"))
        wait_until(lambda: server.count("/a"), "a download")
        second.stop()
        rig.pool.clear()
        wait_until(lambda: not children(), "an end of all processes")
        assert rig.fetch(rig.put("c")) == ""
        assert server.count("/b") == 0
        assert first.answers == second.answers == []


def test_a_process_that_dies_is_an_error(rig: Rig) -> None:
    with WebServer({}) as server:
        server.answers["/a"] = Gate(server)
        pending = rig.begin(server.url("/a"))
        wait_until(lambda: server.count("/a"), "a download")
        os.kill(children()[0], signal.SIGSEGV)
        assert pending.result() == "its process was ended by signal 11"


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    with Rig(tmp_path, limit_seconds=0.5) as rig, WebServer({}) as server:
        server.answers["/a"] = Gate(server)
        assert rig.fetch(server.url("/a")) == "it takes longer than 0.5 s"
        wait_until(lambda: not children(), "an end of all processes")


def test_a_stalled_server_is_given_up(tmp_path: Path) -> None:
    with Rig(tmp_path, stall_timeout_seconds=0.3) as rig, WebServer({}) as server:
        server.answers["/a"] = Gate(server)
        error = rig.fetch(server.url("/a"))
        assert "for 0.3 s" in error or "timed out" in error
    assert rig.fetched() == {}


def test_a_process_may_use_so_much_of_the_processor_and_starts_no_other(rig: Rig) -> None:
    if ROOT:
        os.chown(rig.sandbox, pwd.getpwnam("nobody").pw_uid, -1)
    with WebServer({}) as server:
        gate = server.answers["/a"] = Gate(server)
        pending = rig.begin(server.url("/a"), user="nobody" if ROOT else None)
        wait_until(lambda: server.count("/a"), "a download")
        (process,) = children()
        rows = Path(f"/proc/{process}/limits").read_text().splitlines()
        limits = {row[:26].strip(): row[26:47].strip() for row in rows}
        status = dict(row.split(":\t", 1) for row in Path(f"/proc/{process}/status").read_text().splitlines())
        open_files = sorted(str(one.readlink()) for one in Path(f"/proc/{process}/fd").iterdir())
        gate.opened.set()
        assert pending.result() == ""
    assert limits["Max processes"] == "0"
    assert limits["Max cpu time"] == "3600"
    assert limits["Max file size"] == str(10 << 30)
    assert limits["Max address space"] == str(1 << 30)
    if ROOT:
        assert set(status["Uid"].split()) == {str(pwd.getpwnam("nobody").pw_uid)}
        assert status["CapEff"] == status["CapPrm"] == "0" * 16
    assert not any("job" in name for name in open_files)


def test_so_many_run_at_a_time_and_slow_ones_leave_their_places(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"parallel": 2, "parallel_slow": 1, "slow_after_seconds": 0.3}
    with Rig(tmp_path, **settings) as rig, WebServer({}) as server:
        gate = Gate(server)
        pending = []
        for number in range(5):
            server.answers[f"/{number}"] = gate
            (rig.folder / f"box{number}").mkdir()
            pending.append(rig.begin(server.url(f"/{number}"), directory=str(rig.folder / f"box{number}")))
        wait_until(lambda: len(server.asked) == 3, "three downloads, of which one is slow")
        assert [server.count(f"/{number}") for number in range(5)] == [1, 1, 1, 0, 0]
        assert len(children()) == 3
        gate.opened.set()
        assert [one.result() for one in pending] == [""] * 5


def test_one_folder_is_filled_by_one_at_a_time(rig: Rig) -> None:
    with WebServer({}) as server:
        gate = server.answers["/a"] = Gate(server)
        slow = rig.begin(server.url("/a"))
        wait_until(lambda: server.count("/a"), "a download")
        waiting = rig.begin(server.url("/b"))
        (rig.folder / "other").mkdir()
        assert rig.fetch(rig.put("c"), directory=str(rig.folder / "other")) == ""
        assert server.count("/b") == 0
        gate.opened.set()
        assert slow.result() == ""
        assert "404" in waiting.result()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_closed_pool_leaves_nothing(tmp_path: Path) -> None:
    before = descriptors()
    rig = Rig(tmp_path)
    with WebServer({}) as server:
        server.answers["/a"] = server.answers["/b"] = Gate(server)
        assert rig.fetch(cached(rig.put("c"))) == ""
        pending = [rig.begin(server.url("/a")), rig.begin(cached(server.url("/b")))]
        wait_until(lambda: server.count("/a") and server.count("/b"), "downloads")
        rig.pool.close()
        assert not children()
        assert all(not one.answers for one in pending)
    assert rig.cached() == []
    assert rig.fetch(rig.put("a")) == "the fetcher does not work any more"
    rig.pool.close()
    assert descriptors() == before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_fails_all_orders_and_those_to_come(tmp_path: Path) -> None:
    def break_down(point: str) -> None:
        if point == "fetch.over":
            raise RuntimeError("a bug")

    with Rig(tmp_path, break_down) as rig, WebServer({}) as server:
        server.answers["/a"] = server.answers["/b"] = Gate(server)
        (rig.folder / "other").mkdir()
        pending = [rig.begin(server.url("/a")), rig.begin(cached(server.url("/b")))]
        wait_until(lambda: server.count("/a") and server.count("/b"), "downloads")
        pending.append(rig.begin(rig.put("c"), directory=str(rig.folder / "other")))
        assert [one.result() for one in pending] == ["the fetcher does not work any more"] * 3
        assert rig.fetch(rig.put("d")) == "the fetcher does not work any more"
        wait_until(lambda: not children(), "an end of all processes")


def test_each_step_that_matters_after_a_death_is_a_fault_point(tmp_path: Path) -> None:
    passed: list[str] = []
    with Rig(tmp_path, passed.append) as rig:
        assert rig.fetch(cached(rig.put("a"))) == ""
    once = ["fetch.begun", "fetch.reserved", "fetch.cached", "fetch.begun", "fetch.over"]
    assert passed == once


STARTER = """
import sys, time
from containerizers.fetcher.order import Order, Wanted
from containerizers.fetcher.pool import FetchPool
from containerizers.fetcher.settings import FetchSettings
pool = FetchPool(FetchSettings(cache_dir=sys.argv[1] + "/cache"))
files = lambda cache: (Wanted(uri=sys.argv[2], cache=cache),)
for cache in (False, True):
    pool.fetch(Order(directory=sys.argv[1] + "/" + str(cache), files=files(cache)), print)
time.sleep(600)
"""


def test_who_fetches_ends_with_who_started_it(tmp_path: Path) -> None:
    (tmp_path / "False").mkdir()
    (tmp_path / "True").mkdir()
    with WebServer({}) as server:
        server.answers["/a"] = Gate(server)
        starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path), server.url("/a")])
        try:
            wait_until(lambda: server.count("/a") == 2, "two downloads")
            fetching = children(starter.pid)
            assert len(fetching) == 2
        finally:
            starter.kill()
            starter.wait(60)
        wait_until(lambda: not any(map(runs, fetching)), "an end of all processes")
    # What it left in the cache goes when another one begins.
    assert len(list(tmp_path.glob("cache/*/*"))) == 1
    with Rig(tmp_path):
        assert list(tmp_path.glob("cache/*/*")) == []


def test_what_was_fetched_is_counted(rig: Rig) -> None:
    assert rig.fetch(rig.put("a")) == ""
    assert rig.fetch("ftp://host/a") != ""
    assert rig.fetch(cached(rig.put("b", b"x" * 100))) == ""
    statistics = rig.pool.statistics
    assert (statistics.succeeded, statistics.failed) == (2, 1)
    assert (statistics.cache_used_bytes, statistics.cache_total_bytes) == (100, 2 << 30)


def test_a_redirect_to_a_file_of_the_host_is_not_followed(rig: Rig) -> None:
    with WebServer({"/a": redirect("file:///etc/passwd")}) as server:
        assert "begins with file:" in rig.fetch(server.url("/a"))


def test_https_is_spoken_within_the_limits_of_the_process(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOCALHOST)
    with WebServer({"/a": ok(b"safe")}, context) as server, Rig(tmp_path, authorities=str(LOCALHOST)) as rig:
        assert rig.fetch(cached(f"https://localhost:{server.port}/a")) == ""
        assert rig.fetched() == {"a": b"safe"}
        assert "certificate verify failed" in rig.fetch(server.url("/a"))


def test_a_tool_with_any_name_may_be_in_an_archive(rig: Rig) -> None:
    packed = tar(("new\nline", b"1"), ("☃", b"2"), info("bad\udc80", size=1), errors="surrogateescape")
    assert rig.fetch(rig.put("a.tar", packed)) == ""
    assert len(rig.fetched()) == 4
