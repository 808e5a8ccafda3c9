"""A member of a group in ZooKeeper: joins it, stays in it through lost answers and sessions, leaves it."""

from __future__ import annotations

from actors.election.group import GroupWatcher
from actors.election.nodes import sequence
from actors.election.seat import Seat
from transport.messages import zookeeper
from transport.messages.zookeeper import Failure
from transport.pid import Pid


class Member(GroupWatcher):
    """Holds one node of the group, if it is told to; to be subclassed like GroupWatcher."""

    def __init__(self, zookeeper: Pid, path: str, label: str) -> None:
        """`label` stands before the number in the name of its node, with an underscore, unless empty."""
        super().__init__(zookeeper, path)
        self._prefix = f"{path}/{label}_" if label else f"{path}/"
        self._seat = Seat(self.is_former)
        self._creating = False
        self._deleting: dict[str, None] = {}

    # --- what a subclass may define ---

    def is_former(self, data: bytes) -> bool:
        """Whether a node that holds this was left by an earlier life of this member."""
        return False

    def unseated(self) -> None:
        """Its node is gone, by no doing of its own; unless it leaves, it gets another."""

    def grouped(self) -> None:
        """What `regrouped` is otherwise: the group was read, and its own node dealt with."""

    # --- what a subclass may ask ---

    @property
    def seat(self) -> str | None:
        """The name of its own node, once that is certain."""
        return self._seat.name

    @property
    def joins(self) -> bool:
        """Whether it has a node, or is about to."""
        return self._seat.data is not None

    @property
    def number(self) -> int | None:
        """The number of its own node."""
        return None if self.seat is None else sequence(self.seat)

    def join(self, data: bytes) -> None:
        """Have a node with this data, from now on."""
        self._seat.data = data
        if self.is_complete:
            self._settle()

    def leave(self) -> None:
        """Have no node any more; the one that is there goes as soon as may be."""
        self._seat.data = None
        name = self._seat.name
        if name is not None:
            self._seat.give_up(name)
            self._delete(name)

    # --- how it works ---

    def session_began(self) -> None:
        """Another session; a node of the former one is not ours."""
        self._seat.begin_session(self.session.session_id)

    def session_ended(self) -> None:
        """Without a session there is no node."""
        self._seat.end_session()

    def forgotten(self) -> None:
        """Whether a node was made or removed must be looked up."""
        self._creating = False
        self._deleting.clear()

    def listed(self, names: tuple[str, ...]) -> None:
        """See whether its own node is still there."""
        if self._seat.listed(names):
            self.log.warning("own node is gone from zookeeper", path=self.path)
            self.unseated()

    def regrouped(self) -> None:
        """Deal with its own node."""
        if self._seat.is_taken(self.nodes):
            self.log.warning("another's node has the name of one's own", path=self.path)
            self.unseated()
        self._settle()
        self.grouped()

    def _settle(self) -> None:
        if self._creating or self.names is None or not self.is_connected:
            return
        steps = self._seat.settle(self.names, self.nodes)
        for name in steps.delete:
            self._delete(name)
        data = self._seat.data
        if steps.create and data is not None:
            self._creating = True
            self.questions.ask(
                lambda number: zookeeper.CreateNode(number, self._prefix, data),
                self._created,
                self._not_created,
            )

    def _created(self, answer: zookeeper.NodeCreated) -> None:
        self._creating = False
        name = answer.path.rpartition("/")[2]
        if self._seat.data is None:
            self._seat.give_up(name)
            self._delete(name)
        else:
            self._seat.take(name)
            self.log.info("joined the group", path=self.path, node=name)
        self.refresh()

    def _not_created(self, failure: Failure, reason: str) -> None:
        self._creating = False
        self.names = None  # it may be there all the same
        self.failed("a node cannot be made", failure, reason)

    def _delete(self, name: str) -> None:
        if name in self._deleting or not self.is_connected:
            return  # with the next connection the group is read anew, and what must go is found
        self._deleting[name] = None
        self.questions.ask(
            lambda number: zookeeper.DeleteNode(number, f"{self.path}/{name}"),
            lambda _answer: self._deleted(name),
            lambda failure, reason: self._not_deleted(name, failure, reason),
        )

    def _deleted(self, name: str) -> None:
        self._deleting.pop(name, None)
        self.refresh()

    def _not_deleted(self, name: str, failure: Failure, reason: str) -> None:
        self._deleting.pop(name, None)
        if failure is Failure.NO_AUTH:  # somebody with other credentials left it: it goes with its session
            self.log.warning("node cannot be removed", path=f"{self.path}/{name}", reason=reason)
        else:
            self.failed("a node cannot be removed", failure, reason)
