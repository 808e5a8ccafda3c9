"""Starting one program: its user, its files, its session."""

from __future__ import annotations

import contextlib
import os
import pwd
import resource
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from containerizers.console import Console
from containerizers.spec import ConsoleSpec, Spec

#: What leads a session gets the first terminal that it opens; then it becomes the program.
_ON_TERMINAL = 'exec "$@" 0<>"$0" 1>&0 2>&0'
_FILE = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class StartError(Exception):
    """A program that could not be started; the text says what is wrong with its spec."""


class Identity(NamedTuple):
    """Whom a program runs as."""

    user: int
    group: int
    groups: tuple[int, ...]


def identify(name: str | None) -> Identity | None:
    """Look up a user; None when it is the one that this process runs as. Raises StartError."""
    if name is None:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise StartError(f"user {name!r}: there is no such user") from None
    if entry.pw_uid == os.geteuid():
        # Not to switch is not only less work: a child that switches must be forked, with all the memory
        # of this process, where any other shares it until it runs its program.
        return None
    if os.geteuid() != 0:
        raise StartError(f"user {name!r}: only root may run programs of others")
    return Identity(entry.pw_uid, entry.pw_gid, tuple(os.getgrouplist(name, entry.pw_gid)))


class Streams(NamedTuple):
    """What a program reads and writes: descriptors, or `subprocess.DEVNULL`; and who holds the other ends."""

    stdin: int
    stdout: int
    stderr: int
    console: Console | None = None


class Started(NamedTuple):
    """A program that runs: its number, and its console if it has one."""

    process: int
    console: Console | None


def start(spec: Spec, marks: Mapping[str, str], open_files: tuple[int, int] | None = None) -> Started:
    """Run a program in a session of its own. The caller must reap it, and take on its console.

    `marks` are added to its environment. `open_files` are the limits it gets where they are not those of
    this process. Raises StartError.
    """
    if not spec.arguments:
        raise StartError("arguments: must name a program")
    identity = identify(spec.user)
    with opened(spec, identity) as streams:
        child = _run(spec, marks, identity, streams)
    # Reaped by its number elsewhere; this object would do it a second time.
    child.returncode = 0
    if open_files is not None:
        # Between vfork and exec there is no place for it; a program may only see the higher limit if it
        # looks in its first microseconds.
        with contextlib.suppress(OSError):
            resource.prlimit(child.pid, resource.RLIMIT_NOFILE, open_files)
    return Started(child.pid, streams.console)


@contextlib.contextmanager
def opened(spec: Spec, identity: Identity | None) -> Iterator[Streams]:
    """Open what a program reads and writes, for as long as it takes to start it; raises StartError.

    If nothing is raised until the end of it, the console is the caller's.
    """
    with (
        contextlib.ExitStack() as failed,
        _output("stdout", spec.stdout, identity) as stdout,
        _output("stderr", spec.stderr, identity) as stderr,
    ):
        if spec.console is None:
            yield Streams(subprocess.DEVNULL, stdout, stderr)
            return
        console = _console(spec.console)
        failed.callback(console.close)
        console.files = {number: os.dup(file) for number, file in ((1, stdout), (2, stderr)) if file >= 0}
        if console.ends.terminal and identity is not None:
            os.fchown(console.ends.stdin, identity.user, -1)
        yield Streams(*console.ends[:3], console)
        failed.pop_all()
        console.given()


def _run(
    spec: Spec, marks: Mapping[str, str], identity: Identity | None, streams: Streams
) -> subprocess.Popen[bytes]:
    arguments = spec.arguments
    if streams.console is not None and streams.console.ends.terminal:
        nothing = subprocess.DEVNULL
        arguments = _on_terminal(spec, streams.console.ends.terminal)
        streams = Streams(nothing, nothing, nothing)
    try:
        return subprocess.Popen(  # noqa: S603  to run what it is given is what this is for
            arguments,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            cwd=spec.directory,
            env={**spec.environment, **marks},
            start_new_session=True,
            user=identity and identity.user,
            group=identity and identity.group,
            extra_groups=identity and identity.groups,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise StartError(_reason(spec, error)) from None


def _console(spec: ConsoleSpec) -> Console:
    try:
        return Console(spec)
    except OSError as error:
        raise StartError(f"console: {_words(error)}") from None


def _on_terminal(spec: Spec, terminal: str) -> tuple[str, ...]:
    """The arguments of a program that is run on a terminal."""
    program = spec.arguments[0]
    path = os.path.join(spec.directory, program) if "/" in program else program  # noqa: PTH118  it may not be one
    if shutil.which(path, path=spec.environment.get("PATH")) is None:
        raise StartError(f"program {program!r}: there is none, or it cannot be executed")
    return "/bin/sh", "-c", _ON_TERMINAL, terminal, *spec.arguments


@contextlib.contextmanager
def _output(name: str, path: str | None, identity: Identity | None) -> Iterator[int]:
    """Open what a program writes to, for as long as it takes to start it."""
    if path is None:
        yield subprocess.DEVNULL
        return
    try:
        file = _opened(path, identity)
    except (OSError, ValueError) as error:
        raise StartError(f"{name} {path!r}: {_words(error)}") from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise StartError(f"{name} {path!r}: is not a regular file")
        os.set_blocking(file, True)
        yield file
    finally:
        os.close(file)


def _opened(path: str, identity: Identity | None) -> int:
    if identity is None:
        return os.open(path, _FILE, 0o644)
    # This process may write anywhere, the user may not: nor may a link that took the place of the user's
    # folder lead it to one of somebody else.
    above, name = os.path.split(path)
    folder = os.open(above, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if os.fstat(folder).st_uid != identity.user:
            raise ValueError("its folder belongs to another user")
        file = os.open(name, _FILE, 0o644, dir_fd=folder)
    finally:
        os.close(folder)
    if stat.S_ISREG(os.fstat(file).st_mode):
        os.fchown(file, identity.user, identity.group)
    return file


def _reason(spec: Spec, error: Exception) -> str:
    if isinstance(error, OSError):
        if not os.path.isdir(spec.directory):  # noqa: PTH112  it may not even be a path
            return f"directory {spec.directory!r}: is no directory"
        if error.filename == spec.directory:
            return f"directory {spec.directory!r}: {_words(error)}"
        return f"program {spec.arguments[0]!r}: {_words(error)}"
    return f"arguments and environment: {error}"


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def raise_limit() -> tuple[int, int] | None:
    """Let this process have as many descriptors as it may; returns the limits before, if they were lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return None
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft, hard
