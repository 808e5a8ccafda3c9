"""Whoever runs nested containers, and whoever makes their sandboxes."""

from __future__ import annotations

from collections.abc import Mapping

from transport.message import Message


class MakeNestedSandbox(Message):
    """Make the folder `containers/<name>` in a sandbox, and a link `tasks/<task_id>` to it.

    Answered by NestedSandboxMade; asking again does no harm.
    """

    #: Absolute path of the sandbox around it.
    sandbox: str
    name: str
    #: None for one that is no task's: there is no link to it.
    task_id: str | None = None
    #: Whose it is to be; None: that of the node.
    user: str | None = None
    #: Paths in it, and which of the sandbox around it they lead to.
    shared: Mapping[str, str] = {}


class NestedSandboxMade(Message):
    """It is there, or why it cannot be."""

    name: str
    error: str | None = None
    sandbox: str = ""


class RemoveNestedSandbox(Message):
    """Remove the folder `containers/<name>` in a sandbox; answered by NestedSandboxRemoved."""

    #: Absolute path of the sandbox around it.
    sandbox: str
    name: str


class NestedSandboxRemoved(Message):
    """It is not there any more, or why it still is."""

    name: str
    error: str | None = None
    sandbox: str = ""
