from actors.exits import Exits
from actors.links import Link
from transport.envelope import Envelope
from transport.messages.links import Gone, Unwatch, Watch
from transport.pid import Address, Pid

HERE, THERE = Address("here", 1), Address("there", 1)
A, B = Pid("a", "here", 1, 1), Pid("b", "here", 1, 2)
FAR = Pid("far", "there", 1, 9)


class Node:
    """An `Exits` whose surroundings are lists."""

    def __init__(self) -> None:
        self.living = [A, B]
        self.delivered: list[Link] = []
        self.told: list[tuple[Address, Pid, Watch | Unwatch | Gone]] = []
        self.exits = Exits(
            HERE,
            alive=lambda pid: pid in self.living,
            deliver=self.delivered.append,
            tell=lambda address, sender, message: self.told.append((address, sender, message)),
        )

    def receive(self, sender: Pid, message: object) -> None:
        self.exits.receive(Envelope(sender, Pid("", *HERE), message))


def test_a_link_to_nobody_ends_at_once() -> None:
    node = Node()
    nobody = Pid("nobody", *HERE)
    node.exits.link(A, nobody)
    assert node.delivered == [Link(A, nobody)]


def test_the_end_of_an_actor_is_told_once_to_each_who_linked_it_here_and_elsewhere() -> None:
    node = Node()
    node.exits.link(A, B)
    node.exits.link(A, B)
    node.receive(FAR, Watch(B))
    node.living.remove(B)
    node.exits.ended(B)
    node.exits.ended(B)
    assert node.delivered == [Link(A, B)]
    assert node.told == [(THERE, B, Gone(FAR, B))]


def test_links_to_another_node_are_asked_for_there_and_taken_back_when_the_watcher_ends() -> None:
    node = Node()
    node.exits.link(A, FAR)
    node.exits.ended(A)
    assert node.told == [(THERE, A, Watch(FAR)), (THERE, A, Unwatch(FAR))]
    node.receive(FAR, Gone(A, FAR))
    assert node.delivered == []


def test_an_actor_of_this_node_is_watched_from_elsewhere_by_any_name_of_the_node() -> None:
    node = Node()
    alias = Pid("b", "alias.of.here", 1, B.incarnation)
    node.receive(FAR, Watch(alias))
    assert node.told == []
    node.living.remove(B)
    node.exits.ended(B)
    assert node.told == [(THERE, B, Gone(FAR, alias))]
    node.receive(FAR, Watch(alias))
    assert node.told[1:] == node.told[:1]
    node.exits.check_invariants()


def test_a_watch_by_another_name_of_this_node_is_taken_back_or_lost_with_the_watchers_node() -> None:
    node = Node()
    alias = Pid("b", "alias.of.here", 1, B.incarnation)
    node.receive(FAR, Watch(alias))
    node.receive(FAR, Unwatch(alias))
    node.receive(FAR, Watch(alias))
    assert node.exits.broken(alias.address) == 0
    assert node.exits.broken(THERE) == 1
    node.exits.ended(B)
    assert (node.told, node.delivered) == ([], [])


def test_the_end_of_an_actor_is_believed_though_its_node_bears_another_name() -> None:
    node = Node()
    alias = Pid("far", "alias.of.there", 1)
    node.exits.link(A, alias)
    node.receive(Pid("other", *THERE, 9), Gone(A, alias))
    assert node.delivered == []
    node.receive(FAR, Gone(A, alias))
    assert node.delivered == [Link(A, alias)]


def test_a_broken_connection_ends_every_link_across_it_and_no_other() -> None:
    node = Node()
    node.exits.link(A, FAR)
    node.exits.link(A, B)
    node.receive(FAR, Watch(B))
    assert node.exits.broken(THERE) == 2
    assert node.delivered == [Link(A, FAR)]
    node.exits.ended(B)
    assert node.delivered == [Link(A, FAR), Link(A, B)]
    assert node.told == [(THERE, A, Watch(FAR))]


def test_an_unlinked_actor_may_end_unheard() -> None:
    node = Node()
    node.exits.link(A, B)
    node.exits.unlink(A, B)
    node.exits.ended(B)
    assert node.delivered == []


def test_a_lost_message_ends_the_links_of_its_sender_to_its_target_only() -> None:
    node = Node()
    other = Pid("c", "here", 1, 3)
    node.exits.link(A, B)
    node.exits.link(other, B)
    node.exits.lost(A, B)
    assert node.delivered == [Link(A, B)]
    node.exits.check_invariants()
