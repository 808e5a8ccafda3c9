from __future__ import annotations

import errno
import os

import pytest

from containerizers.linux.syscalls import call, named, prctl
from tests.containerizers.linux.children import child

_PIDFD_OPEN = 434


def test_a_call_by_its_number_gives_what_the_kernel_does() -> None:
    descriptor = call(_PIDFD_OPEN, os.getpid(), 0)
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)
    assert named("getpid") == os.getpid()


def test_what_the_kernel_refuses_is_an_error_with_its_number() -> None:
    with pytest.raises(OSError, match="Invalid argument") as caught:
        call(_PIDFD_OPEN, -1, 0)
    assert caught.value.errno == errno.EINVAL
    with pytest.raises(FileNotFoundError):
        named("umount2", b"/nowhere", 0)


def test_arguments_that_are_not_given_are_zero() -> None:
    assert prctl(3) in (0, 1, 2)
    with pytest.raises(OSError, match="Invalid argument"):
        prctl(-1)


def test_it_is_quick_to_import_for_a_child() -> None:
    code = """
from containerizers.linux import limits, mounting, privileges
print(sorted(name for name in ("msgspec", "subprocess", "json", "pathlib", "asyncio") if name in sys.modules))
"""
    done = child(code)
    assert (done.stdout, done.stderr) == ("[]\n", "")
