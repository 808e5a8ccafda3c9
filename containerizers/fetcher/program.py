"""The process that fetches; `Child` starts it, and tells it what to do.

It begins as who starts it, to open what its user could not reach and to import what it may need, then becomes
the user for good, and only then looks at anything that comes from outside. When its starter ends, so does it.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import stat
import sys
from types import TracebackType
from typing import Any, NoReturn, Protocol

from containerizers.fetcher.archive import Bounds, copy, expand, unpack
from containerizers.fetcher.budget import Budget
from containerizers.fetcher.failure import FetchError, UnfitError
from containerizers.fetcher.folder import Folder, words, write
from containerizers.fetcher.local import LocalFile

#: The socket to who started this.
_CHANNEL = 0
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ABOVE = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_LOG = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_MEMORY_BYTES = 1 << 30
#: Beside those of the job.
_DESCRIPTORS = 64
_LONGEST_ANSWER = 2000
#: Once it is told, a process may take so long to end by itself.
_LATE_SECONDS = 5


class Source(Protocol):
    """A file that can be had; its methods raise FetchError."""

    #: None when nobody says.
    size: int | None

    def read(self) -> bytes:
        """The next bytes; none at the end."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


class Fetching:
    """The work of one process; `job` is what `Child` gives it."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._limits: dict[str, Any] = job["limits"]
        #: Of `log` and `errors`, those that are wanted.
        self._logs: dict[str, int] = {}
        self._folder: Folder | None = None
        self._budget = Budget(self._limits["largest_bytes"], self._tick)

    def run(self) -> dict[str, object]:
        """Do all of it; returns what to tell who started this."""
        try:
            self._prepare()
            if self._job["into"] is None:
                for step in self._job["steps"]:
                    self._fetch(step)
            else:
                self._store(self._job["steps"][0], self._job["into"])
        except FetchError as error:
            return {"error": str(error)}
        except UnfitError as error:
            return {"unfit": str(error)}
        return {"done": True}

    def _prepare(self) -> None:
        user = self._job["user"]
        identity = None if user is None else _identity(user)
        if self._job["directory"] is not None:
            self._folder = Folder(_opened("directory", self._job["directory"], _FOLDER))
        paths = {name: path for name in ("log", "errors") if (path := self._job[name]) is not None}
        folders = {
            name: _opened(name, path.rpartition("/")[0] or "/", _ABOVE) for name, path in paths.items()
        }
        for step in self._job["steps"]:
            _import(step)
        self._limit(identity)
        if identity is not None:
            _become(identity)
        self._logs = {name: _opened_log(name, path, folders[name]) for name, path in paths.items()}

    def _limit(self, identity: tuple[int, int, list[int]] | None) -> None:
        cpu_seconds = self._limits["cpu_seconds"]
        limits = {
            resource.RLIMIT_CORE: (0, 0),
            resource.RLIMIT_NOFILE: (_DESCRIPTORS + len(self._job["steps"]),) * 2,
            resource.RLIMIT_AS: (_MEMORY_BYTES,) * 2,
            resource.RLIMIT_CPU: (cpu_seconds, cpu_seconds + _LATE_SECONDS),
            resource.RLIMIT_FSIZE: (self._limits["largest_bytes"],) * 2,
        }
        if (os.geteuid() if identity is None else identity[0]) != 0:
            # It starts nothing, whatever gets hold of it. Root cannot be kept from it so.
            limits[resource.RLIMIT_NPROC] = (0, 0)
        for number, (soft, hard) in limits.items():
            _, most = resource.getrlimit(number)
            if most != resource.RLIM_INFINITY:
                soft, hard = min(soft, most), min(hard, most)
            resource.setrlimit(number, (soft, hard))

    def _tick(self) -> None:
        """There is progress: else what nobody notices, a disk or a name server that hangs, ends this process.

        Whatever sees by itself that there is none gets a chance to say so first.
        """
        signal.setitimer(signal.ITIMER_REAL, self._limits["stall_timeout_seconds"] + _LATE_SECONDS)

    def _fetch(self, step: dict[str, Any]) -> None:
        self._tick()
        self._say(f"Fetching URI {step['shown']!r}" + (" from the cache" if step["copy"] is not None else ""))
        if step["note"]:
            self._say(f"It is fetched directly, not by way of the cache: {step['note']}")
        try:
            where = self._put(step)
        except FetchError as error:
            text = f"Failed to fetch {step['shown']!r}: {error}"
            self._complain(text)
            raise FetchError(text) from None
        self._say(f"Fetched {step['shown']!r} to {where!r}")

    def _put(self, step: dict[str, Any]) -> str:
        """Returns the file, or the folder that it was unpacked into."""
        if step["error"]:
            raise FetchError(step["error"])
        folder = self._folder
        assert folder is not None
        parts, cached, directory = tuple(step["parts"]), step["copy"], str(self._job["directory"])
        if cached is not None and step["packed"]:
            self._unpack(step, cached, folder)
            return directory
        file = folder.create(parts)
        try:
            self._fill(step, file)
            os.fchmod(file, 0o755 if step["executable"] else 0o644)
        except FetchError:
            # What is not complete must not look as if it were.
            folder.remove(parts)
            raise
        if step["packed"]:
            self._unpack(step, file, folder)
        os.close(file)
        return "/".join((directory, *parts))

    def _fill(self, step: dict[str, Any], file: int) -> None:
        if step["copy"] is not None:
            copy(lambda most: os.read(step["copy"], most), file, self._budget.spend)
            return
        source = self._source(step)
        if source.size is not None and source.size > self._budget.left_bytes:
            raise FetchError(f"it has {source.size} bytes, more than may be fetched")
        copy(lambda _: source.read(), file, self._budget.spend)
        source.close()

    def _unpack(self, step: dict[str, Any], file: int, folder: Folder) -> None:
        limits = self._limits
        bounds = Bounds(limits["ratio"], limits["ratio_free_bytes"], limits["most_files"])
        allowance = bounds.allowance(file, self._budget)
        try:
            if step["packed"] == "gz":
                expand(file, folder, step["parts"][-1].removesuffix(".gz"), allowance)
            else:
                unpack(file, folder, allowance, may_be_zip=step["packed"] == "zip")
        except FetchError as error:
            raise FetchError(f"it cannot be unpacked: {error}") from None
        self._say(f"Extracted {step['parts'][-1]!r} into {self._job['directory']!r}")

    def _store(self, step: dict[str, Any], into: int) -> None:
        """Put a file into the cache, if there is room for it."""
        self._tick()
        source = self._source(step)
        if not source.size:
            raise UnfitError("nobody says how large it is")
        if not _granted(source.size):
            raise UnfitError(f"there is no room for {source.size} bytes in the cache")
        left = source.size
        while data := source.read():
            left -= len(data)
            if left < 0:
                raise UnfitError("it is larger than it says")
            self._budget.spend(len(data))
            try:
                write(into, data)
            except FetchError as error:
                raise UnfitError(f"the cache: {error}") from None
        if left:
            raise UnfitError("it is smaller than it says")

    def _source(self, step: dict[str, Any]) -> Source:
        limits = self._limits
        if step["path"] is not None:
            return LocalFile(step["path"], limits["file_prefixes"], limits["hidden"])
        from containerizers.fetcher.addresses import Refused  # noqa: PLC0415  imported already
        from containerizers.fetcher.web import Web  # noqa: PLC0415

        refused = Refused(limits["refused_networks"])
        web = Web(refused, limits["stall_timeout_seconds"], limits["proxies"], limits["authorities"])
        return web.get(step["url"])

    def _say(self, text: str) -> None:
        _append(self._logs.get("log"), text)

    def _complain(self, text: str) -> None:
        _append(self._logs.get("errors", self._logs.get("log")), text)


def _import(step: dict[str, Any]) -> None:
    """Import what a step may need, while the files of Python can be read."""
    if step["url"] and step["copy"] is None:
        import encodings.idna  # noqa: PLC0415  names of hosts are encoded by it
        import ssl  # noqa: F401, PLC0415  whatever its scheme: it may be redirected

        from containerizers.fetcher import web  # noqa: F401, PLC0415
    if step["packed"]:
        import bz2  # noqa: F401, PLC0415
        import lzma  # noqa: F401, PLC0415
        import zlib  # noqa: F401, PLC0415

        from containerizers.fetcher import stream, tar  # noqa: F401, PLC0415
    if step["packed"] == "zip":
        import encodings.cp437  # noqa: F401, PLC0415  names of files are, unless the archive says otherwise

        from containerizers.fetcher import zip as zipped  # noqa: F401, PLC0415


def _identity(user: str) -> tuple[int, int, list[int]] | None:
    """Numbers of a user, the group and all groups; None when it is the one that this process runs as."""
    import pwd  # noqa: PLC0415  not every job has a user

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise FetchError(f"user {user!r}: there is no such user") from None
    if entry.pw_uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise FetchError(f"user {user!r}: only root may fetch for others")
    return entry.pw_uid, entry.pw_gid, os.getgrouplist(user, entry.pw_gid)


def _become(identity: tuple[int, int, list[int]]) -> None:
    user, group, groups = identity
    os.setgroups(groups)
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)


def _opened(name: str, path: str, flags: int) -> int:
    """Open a folder; only with the rights of who starts this may it be reached at all."""
    try:
        return os.open(path, flags)
    except OSError as error:
        raise FetchError(f"{name} {path!r}: {words(error)}") from None


def _opened_log(name: str, path: str, folder: int) -> int:
    """Open a log as the user; whatever else is there by that name is left alone."""
    try:
        file = os.open(path.rpartition("/")[2], _LOG, 0o644, dir_fd=folder)
    except OSError as error:
        raise FetchError(f"{name} {path!r}: {words(error)}") from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise FetchError(f"{name} {path!r}: is not a regular file")
    return file


def _append(file: int | None, text: str) -> None:
    if file is not None:
        try:
            os.write(file, text.encode("utf-8", "backslashreplace") + b"\n")
        except OSError:
            # There is nobody to tell; and to fetch matters more than to talk about it.
            return


def _tell(message: dict[str, object]) -> None:
    os.write(_CHANNEL, json.dumps(message).encode() + b"\n")


def _granted(size: int) -> bool:
    """Ask whether there is room for so many bytes."""
    # An answer would end this process, too.
    fcntl.fcntl(_CHANNEL, fcntl.F_SETFL, 0)
    _tell({"size": size})
    answer = os.read(_CHANNEL, 1)
    _end_with_starter()
    return answer == b"y"


def _end_with_starter() -> None:
    """Have the kernel end this process (SIGIO) when the other end of the channel is closed."""
    fcntl.fcntl(_CHANNEL, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(_CHANNEL, fcntl.F_SETFL, os.O_ASYNC)


def _report_bug(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    where = []
    while _trace is not None:
        where.append(f"{_trace.tb_frame.f_code.co_name}:{_trace.tb_lineno}")
        _trace = _trace.tb_next
    _tell({"error": f"a bug of the fetcher: {kind.__name__}: {error} ({' '.join(where)})"[:_LONGEST_ANSWER]})


def main(descriptor: int) -> NoReturn:
    """Do the job that is in an open file."""
    sys.excepthook = _report_bug
    # Who starts this may have ignored or blocked what is to end it.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGALRM, signal.SIGIO, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o022)
    size = os.fstat(descriptor).st_size
    job = json.loads(os.pread(descriptor, size, 0))
    os.close(descriptor)
    _end_with_starter()
    answer = Fetching(job).run()
    _tell(
        {key: value[:_LONGEST_ANSWER] if isinstance(value, str) else value for key, value in answer.items()}
    )
    # What Python would tidy up goes with the process.
    os._exit(0)
