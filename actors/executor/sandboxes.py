"""The actor `sandboxes` of an executor node: makes the folders of nested containers.

The agent's archive makes those of executors; but tasks of a group may come while the agent is away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from actors.process import Process, handles
from transport.messages.nesting import (
    MakeNestedSandbox,
    NestedSandboxMade,
    NestedSandboxRemoved,
    RemoveNestedSandbox,
)
from transport.pid import Pid

#: Its name.
SANDBOXES: Final = "sandboxes"
#: The folder of nested sandboxes in that of their executor (mesos-protocol.md §8).
NESTED: Final = "containers"

#: Makes a sandbox: the one around it, the name, the task's id if any, whose it is, and what is shared.
#: Raises OSError or ValueError; may block on the disk (`containerizers.sandbox`).
Make: TypeAlias = Callable[[str, str, str | None, str | None, Mapping[str, str]], None]
#: Removes a sandbox, likewise: the one around it, and the name.
Remove: TypeAlias = Callable[[str, str], None]


class NestedSandboxes(Process):
    """Makes and removes sandboxes for whoever asks."""

    def __init__(self, make: Make, remove: Remove) -> None:
        self._make = make
        self._remove = remove

    @handles(MakeNestedSandbox)
    def _on_make(self, sender: Pid, message: MakeNestedSandbox) -> None:
        error = None
        try:
            self._make(message.sandbox, message.name, message.task_id, message.user, message.shared)
        except (OSError, ValueError) as problem:
            error = f"sandbox {message.name}: {problem}"
            self.log.warning("nested sandbox not made", task_id=message.task_id, reason=error)
        self.send(sender, NestedSandboxMade(message.name, error, message.sandbox))

    @handles(RemoveNestedSandbox)
    def _on_remove(self, sender: Pid, message: RemoveNestedSandbox) -> None:
        error = None
        try:
            self._remove(message.sandbox, message.name)
        except (OSError, ValueError) as problem:
            error = f"sandbox {message.name}: {problem}"
            self.log.warning("nested sandbox not removed", reason=error)
        self.send(sender, NestedSandboxRemoved(message.name, error, message.sandbox))
