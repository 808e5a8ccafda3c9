"""An executor that runs tasks together, and whoever makes the sandboxes of its nested containers."""

from __future__ import annotations

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


class NestedSandboxMade(Message):
    """It is there, or why it cannot be."""

    name: str
    error: str | None = None
