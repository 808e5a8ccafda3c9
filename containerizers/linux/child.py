"""What a container's first process does until it becomes the program."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import signal
import socket
import termios
from collections.abc import Iterable, Iterator
from typing import NoReturn

from containerizers.linux import clone, limits, mounting, privileges
from containerizers.linux.order import Order
from containerizers.linux.syscalls import StepError, words

#: What the node says when the container is written down, to each of its processes.
GO = b"g"


def await_go(control: int) -> None:
    """Wait until the node has written the container down; end if it never will."""
    if os.read(control, 1) != GO:
        os._exit(1)


def join(doors: Iterable[int]) -> None:
    """Go into control groups; raises StepError."""
    for door in doors:
        try:
            os.write(door, b"0")
        except OSError as error:
            raise StepError(f"control group: cannot be joined: {words(error)}") from None


def become(order: Order, control: int, streams: Iterable[int], doors: Iterable[int]) -> NoReturn:
    """Become the program; raises StepError. It never runs unless `GO` comes from `control`."""
    os.setsid()
    _take_signals_as_usual()
    if order.hostname is not None:
        _set_hostname(order.hostname)
    mounting.perform(order.mounts)
    _change_directory(order.directory)
    await_go(control)
    join(doors)
    if order.namespaces & clone.CGROUP:
        # Its root is where the process is that makes it.
        clone.leave(clone.CGROUP)
    if order.open_files is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, order.open_files)
    limits.apply(order.rlimits)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    if order.has_terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    clone.close_on_exec(3)
    privileges.apply(order.user, order.capabilities, order.no_new_privileges, order.seccomp)
    _execute(order)


def _take_signals_as_usual() -> None:
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _set_hostname(name: str) -> None:
    try:
        socket.sethostname(name)
    except OSError as error:
        raise StepError(f"hostname {name!r}: {words(error)}") from None


def _change_directory(directory: str) -> None:
    try:
        os.chdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        raise StepError(f"directory {directory!r}: is no directory") from None
    except OSError as error:
        raise StepError(f"directory {directory!r}: {words(error)}") from None


def _execute(order: Order) -> NoReturn:
    program = order.arguments[0]
    environment = dict(order.environment)
    refusal = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    for path in _candidates(program, environment.get("PATH", os.defpath)):
        try:
            os.execve(path, order.arguments, environment)  # noqa: S606  that is what it is for
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            refusal = error
    raise StepError(f"program {program!r}: {words(refusal)}")


def _candidates(program: str, folders: str) -> Iterator[str]:
    """Where a program may lie, as execvp(3) looks for it."""
    if "/" in program:
        yield program
        return
    for folder in folders.split(":"):
        yield os.path.join(folder, program)  # noqa: PTH118  none is made more of than it is
