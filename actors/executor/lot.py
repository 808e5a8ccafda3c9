"""All containers of a node, as the actor `containerizer` knows them: whose they are, and how far."""

from __future__ import annotations

import enum

from transport.envelope import Envelope
from transport.messages.container_spec import ContainerSpec
from transport.messages.containing import ContainerLaunched, Limitation, ListedContainer, UpdateContainer
from transport.pid import Pid


class Stage(enum.Enum):
    """How far a container is."""

    #: Its files are being fetched: there is nothing of it yet but its folder.
    FETCHING = enum.auto()
    #: The containerizer was told to launch it, or to adopt it.
    MADE = enum.auto()


class Container:
    """One that was launched or adopted, and has not ended."""

    __slots__ = (
        "cause",
        "is_ending",
        "is_kept",
        "launched",
        "limitation",
        "limits",
        "owner",
        "spec",
        "stage",
    )

    def __init__(self, owner: Pid | None, cause: Envelope | None, spec: ContainerSpec | None) -> None:
        #: None for one that is adopted only to be destroyed.
        self.owner = owner
        #: The message that it comes from: what becomes of the container belongs to the same story.
        self.cause = cause
        #: None for one that was adopted by who did not know it.
        self.spec = spec
        self.limits = None if spec is None else spec.limits
        self.stage = Stage.MADE
        #: What its owner was told once it ran.
        self.launched: ContainerLaunched | None = None
        #: Whether it is to be remembered that it was begun.
        self.is_kept = False
        #: Whether it was told to end.
        self.is_ending = False
        #: Why it is destroyed, if it used too much.
        self.limitation: Limitation | None = None


class Lot:
    """The containers, and who owns which; its methods keep the tables together."""

    def __init__(self) -> None:
        self.containers: dict[str, Container] = {}
        #: What a containerizer before this one left, and nobody adopted yet.
        self.orphans: dict[str, None] = {}
        self._owned: dict[Pid, dict[str, None]] = {}
        #: By the outermost container, all that are there: nested ones end with it.
        self._families: dict[str, dict[str, None]] = {}
        #: What nested ones may use together, where the container around them runs nothing itself.
        self._bounds: dict[str, UpdateContainer] = {}

    def check(self) -> None:
        """Assert that the tables agree with each other."""
        owned = {container_id: owner for owner, ids in self._owned.items() for container_id in ids}
        assert owned == {name: one.owner for name, one in self.containers.items() if one.owner is not None}
        families = [container_id for family in self._families.values() for container_id in family]
        assert sorted(families) == sorted(self.containers)
        assert self.orphans.keys().isdisjoint(self.containers)
        for container in self.containers.values():
            assert container.stage is Stage.MADE or container.launched is None
            assert container.stage is Stage.MADE or (container.spec is not None and container.spec.files)

    def add(self, container_id: str, container: Container) -> None:
        """Take one in that has no owner yet."""
        self.orphans.pop(container_id, None)
        self.containers[container_id] = container
        self._families.setdefault(family_of(container_id), {})[container_id] = None

    def remove(self, container_id: str) -> Container:
        """It is no more, and belongs to nobody."""
        container = self.containers.pop(container_id)
        family = family_of(container_id)
        del self._families[family][container_id]
        if not self._families[family]:
            del self._families[family]
        return container

    def give(self, container_id: str, owner: Pid) -> bool:
        """Have it be somebody's who owns nothing of it; whether it is the first that they own."""
        self.containers[container_id].owner = owner
        is_first = owner not in self._owned
        self._owned.setdefault(owner, {})[container_id] = None
        return is_first

    def take(self, container_id: str) -> Pid | None:
        """Have it be nobody's; returns who owned it, if they own no other."""
        container = self.containers[container_id]
        owner, container.owner = container.owner, None
        owned = self._owned.get(owner) if owner is not None else None
        if owned is None or owner is None:
            return None
        owned.pop(container_id, None)
        if owned:
            return None
        del self._owned[owner]
        return owner

    def owned(self, owner: Pid) -> tuple[str, ...]:
        """What somebody owns."""
        return tuple(self._owned.get(owner, ()))

    def is_there(self, container_id: str) -> bool:
        """Whether it is, whoever it belongs to."""
        return container_id in self.containers or container_id in self.orphans

    def within(self, container_id: str) -> tuple[str, ...]:
        """It, if it is there, and those nested in it that are."""
        family = self._families.get(family_of(container_id), ())
        return tuple(other for other in family if is_within(other, container_id))

    def is_wanted(self, family: str) -> bool:
        """Whether somebody owns something of a family, or has said what all of it may use."""
        owners = (self.containers[one].owner for one in self._families.get(family, ()))
        return family in self._bounds or any(owner is not None for owner in owners)

    def bound(self, update: UpdateContainer) -> None:
        """Remember what a container may use, or those nested in it together."""
        container = self.containers.get(update.container_id)
        if container is None:
            self._bounds[update.container_id] = update
        else:
            container.limits = update.limits

    def unbound(self, container_id: str) -> None:
        """Nobody wants anything in it any more."""
        self._bounds.pop(container_id, None)

    def listed(self) -> tuple[ListedContainer, ...]:
        """All that are there, and those in which nested ones are, with what they were launched with."""
        found = []
        for container_id, container in self.containers.items():
            launched, spec = container.launched, container.spec
            found.append(
                ListedContainer(
                    container_id=container_id,
                    process=None if launched is None else launched.process,
                    is_launching=launched is None,
                    is_ending=container.is_ending,
                    directory=None if spec is None else spec.directory,
                    limits=container.limits,
                )
            )
        for container_id, bounds in self._bounds.items():
            if container_id in self._families:
                found.append(
                    ListedContainer(
                        container_id=container_id, directory=bounds.directory, limits=bounds.limits
                    )
                )
        return tuple(found)


def family_of(container_id: str) -> str:
    """The outermost container that one is nested in, or it itself."""
    return container_id.partition(".")[0]


def is_within(container_id: str, other: str) -> bool:
    """Whether it is the other one, or nested in it."""
    return container_id == other or container_id.startswith(other + ".")
