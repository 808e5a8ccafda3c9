"""An executor that runs tasks together, and whoever makes the sandboxes of its nested containers."""

from __future__ import annotations

from collections.abc import Mapping

from transport.message import Message


class MakeNestedSandbox(Message):
    """Make the folder `containers/<name>` in a sandbox, and a link `tasks/<task_id>` to it.

    Answered by NestedSandboxMade; asking again does no harm.
    """

    #: Absolute path of the executor's sandbox.
    sandbox: str
    name: str
    task_id: str
    #: Whose it is to be; None: that of the node.
    user: str | None = None
    #: Paths in it, and which of the executor's sandbox they lead to.
    shared: Mapping[str, str] = {}


class NestedSandboxMade(Message):
    """It is there, or why it cannot be."""

    name: str
    error: str | None = None
