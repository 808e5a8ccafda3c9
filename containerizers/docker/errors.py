"""What goes wrong with dockerd, wrapped once at the edge."""

from __future__ import annotations


class DockerError(Exception):
    """Something that dockerd was asked for did not happen, or may not have; the text is for users."""


class UnansweredError(DockerError):
    """There was no answer, or half of one: whether it was done is not known."""


class RefusedError(DockerError):
    """dockerd answered, and said no; `status` is that of HTTP."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class NotThereError(RefusedError):
    """There is no such container, image or exec."""


class ConflictError(RefusedError):
    """The name is taken, or it is not in the right state."""
