import random

from actors.links import Link, Links
from transport.pid import Address, Pid

HERE = Address("here", 1)


def pid(name: str, incarnation: int = 0, host: str = "here") -> Pid:
    return Pid(name, host, 1, incarnation)


def test_a_link_to_whoever_bears_a_name_ends_with_any_incarnation_and_an_exact_one_with_its_own() -> None:
    links = Links(HERE)
    whoever = Link(pid("a", 1), pid("b"))
    exact = Link(pid("a", 1), pid("b", 5))
    links.add(whoever)
    links.add(exact)
    assert links.to(pid("b", 5)) == [whoever, exact]
    assert links.to(pid("b", 6)) == [whoever]
    assert links.by(pid("a", 1)) == [whoever, exact]


def test_the_same_link_counts_once() -> None:
    links = Links(HERE)
    link = Link(pid("a", 1), pid("b", host="there"))
    assert links.add(link)
    assert not links.add(link)
    assert links.remove(link)
    assert not links.remove(link)
    assert links.across(Address("there", 1)) == []


def test_links_across_a_connection_are_those_in_either_direction() -> None:
    links = Links(HERE)
    out = Link(pid("a", 1), pid("b", host="there"))
    inward = Link(pid("c", 1, host="there"), pid("a", 1))
    local = Link(pid("a", 1), pid("d", 1))
    for link in (out, inward, local):
        links.add(link)
    assert links.across(Address("there", 1)) == [out, inward]


def test_every_index_agrees_through_a_long_random_history() -> None:
    rng = random.Random(7)
    links = Links(HERE)
    known: dict[Link, None] = {}
    for _ in range(5_000):
        hosts = rng.choice([("here", "here"), ("here", "there"), ("there", "here"), ("here", "yonder")])
        names = [pid(rng.choice("abc"), rng.randrange(3), host) for host in hosts]
        link = Link(names[0], names[1])
        if rng.random() < 0.5:
            assert links.add(link) == (link not in known)
            known[link] = None
        else:
            assert links.remove(link) == (link in known)
            known.pop(link, None)
    links.check_invariants()
    for link in known:
        assert link in links.by(link.watcher)
        assert link in links.to(link.to)
