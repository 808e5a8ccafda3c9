"""Making a container see what it may: the steps that `mounts` has planned, in the container's first process.

It is in a mount namespace of its own by then, and the only one there. Mounts are open files (`trees`) until
they are attached, and so are the places for them, so that nobody can put a symbolic link between a look and a
mount. Nothing of that is on the host, and all is gone with the namespace: when the container ends, or a step
fails. Needs Linux 5.12. It imports only what is quick to import.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable
from typing import Any, TypeAlias

from containerizers.linux import trees
from containerizers.linux.syscalls import StepError, named, words
from containerizers.linux.trees import NO_DEVICES, NO_EXEC, NO_SETUID, READ_ONLY, Owner

#: The name of a step, what it is about, and more; plain data.
Step: TypeAlias = "tuple[Any, ...]"

_DETACH = 2
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def perform(steps: Iterable[Step]) -> None:
    """Take all steps; raises StepError, and then this process must end."""
    view = _View()
    mask = os.umask(0o022)
    try:
        for name, about, *arguments in steps:
            try:
                view.take_step(name, about, *arguments)
            except OSError as error:
                reason = "needs Linux 5.12" if error.errno == errno.ENOSYS else words(error)
                raise StepError(f"mount {about!r}: {name}: {reason}") from None
    finally:
        os.umask(mask)
        view.close()


class _View:
    """What a container sees, and by numbers what was opened for it. A step is a method, and what it takes."""

    def __init__(self) -> None:
        self._opened: dict[int, int] = {}

    def take_step(self, name: str, about: str, *arguments: Any) -> None:
        getattr(self, name)(about, *arguments)

    def close(self) -> None:
        for tree in self._opened.values():
            os.close(tree)

    def leave(self, about: str) -> None:
        """Let no mount be seen by the host any more; what the host unmounts is gone here, too."""
        trees.change(about, propagation=trees.SLAVE)

    def take(self, source: str, slot: int, beneath: str | None, makes: Owner, flags: int) -> None:
        """Open what is to be mounted; where it is missing a folder is made for its owner, if there is one.

        An absolute path has been resolved, and looked at: no link may have come into it since.
        """
        try:
            place = trees.opened_straight(source) if beneath is None else trees.opened_in(beneath, source)
        except FileNotFoundError:
            if makes is None:
                raise
            place = trees.made_beneath(beneath or "/", source, "folder", makes)
        self._opened[slot] = _cloned(place, flags)

    def scratch(self, folder: str, slot: int, name: str) -> None:
        """Open a folder for everybody's temporary files, which lies below another one and is made there."""
        place = trees.made_beneath(folder, name, "folder", None)
        with contextlib.ExitStack() as done:
            done.callback(os.close, place)
            readable = os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            done.callback(os.close, readable)
            os.fchown(readable, 0, 0)
            os.fchmod(readable, 0o1777)
            self._opened[slot] = trees.cloned(place, NO_SETUID | NO_DEVICES)

    def contents(self, folder: str, contents: tuple[tuple[int, bytes], ...], owner: tuple[int, int]) -> None:
        """Make files that are only in memory, and only their owner's to read; the folder is covered then."""
        memory = trees.made("ramfs", NO_SETUID | NO_DEVICES | NO_EXEC, (("mode", "700"),))
        with contextlib.ExitStack() as done:
            done.callback(os.close, memory)
            _cover(folder, memory)
            done.callback(named, "umount2", os.fsencode(folder), _DETACH)
            for slot, content in contents:
                name = str(slot)
                with open(os.open(name, _NEW, 0o400, dir_fd=memory), "wb") as stream:  # noqa: PTH123
                    stream.write(content)
                    os.fchown(stream.fileno(), *owner)
                self._opened[slot] = _cloned(trees.opened(name, memory), READ_ONLY)

    def attach(self, target: str, slot: int, flags: int, propagation: int) -> None:
        """Attach what was opened where something of its kind is."""
        trees.change(self._opened[slot], flags, propagation)
        try:
            place = trees.opened_straight(target)
        except FileNotFoundError:
            raise StepError(f"mount {target!r}: must be there, or in the container's folder") from None
        with contextlib.ExitStack() as done:
            done.callback(os.close, place)
            wanted = trees.kind_of(self._opened[slot])
            if trees.kind_of(place) != wanted:
                raise StepError(f"mount {target!r}: must be a {wanted}, as its source is")
            trees.attach(self._opened[slot], place)
        os.close(self._opened.pop(slot))

    def attach_below(
        self, target: str, slot: int, flags: int, propagation: int, folder: str, owner: Owner
    ) -> None:
        """The same in a folder, where what is missing is made and no link is followed."""
        trees.change(self._opened[slot], flags, propagation)
        kind = trees.kind_of(self._opened[slot])
        place = trees.made_beneath(folder, target, kind, owner)
        with contextlib.ExitStack() as done:
            done.callback(os.close, place)
            trees.attach(self._opened[slot], place)
        os.close(self._opened.pop(slot))

    def make(self, target: str, kind: str, flags: int, options: tuple[tuple[str, str], ...]) -> None:
        """Attach a new file system."""
        tree = trees.made(kind, flags, options)
        with contextlib.ExitStack() as done:
            done.callback(os.close, tree)
            _cover(target, tree)

    def if_there(self, target: str, name: str, *arguments: Any) -> None:
        """Take another step, if there is what it is about."""
        if os.path.exists(target):  # noqa: PTH110  quick to import
            self.take_step(name, target, *arguments)

    def hide(self, target: str, nothing: int, flags: int) -> None:
        """Cover a folder by an empty one, or a file by what is in a slot: a device that is empty."""
        place = trees.opened(target)
        with contextlib.ExitStack() as done:
            done.callback(os.close, place)
            if trees.kind_of(place) == "folder":
                tree = trees.made("tmpfs", NO_SETUID | NO_DEVICES | NO_EXEC | flags, (("mode", "755"),))
            else:
                tree = trees.cloned(self._opened[nothing], READ_ONLY | NO_SETUID | NO_EXEC)
            done.callback(os.close, tree)
            trees.attach(tree, place)

    def seal(self, target: str) -> None:
        """Let nothing be written to a folder that was mounted, but to mounts below it."""
        if os.path.isdir(target):  # noqa: PTH112  quick to import
            trees.change(target, READ_ONLY, recursive=False)

    def protect(self, target: str) -> None:
        """Let nothing be written to what is mounted there, and below it."""
        trees.change(target, READ_ONLY)

    def freeze(self, target: str) -> None:
        """Let nothing be written there and below, whether it was a mount or not."""
        place = trees.opened(target)
        with contextlib.ExitStack() as done:
            done.callback(os.close, place)
            tree = trees.cloned(place, READ_ONLY)
            done.callback(os.close, tree)
            trees.attach(tree, place)

    def folder(self, path: str, mode: int) -> None:
        os.mkdir(path, mode)  # noqa: PTH102  quick to import

    def link(self, path: str, target: str) -> None:
        os.symlink(target, path)  # noqa: PTH211  quick to import


def _cover(target: str, tree: int) -> None:
    place = trees.opened(target)
    with contextlib.ExitStack() as done:
        done.callback(os.close, place)
        trees.attach(tree, place)


def _cloned(place: int, flags: int) -> int:
    """Clone what is at an open place, which is closed."""
    with contextlib.ExitStack() as done:
        done.callback(os.close, place)
        return trees.cloned(place, flags)
