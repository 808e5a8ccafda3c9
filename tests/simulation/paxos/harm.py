"""What can befall a member, and when: at a step of the protocol, or at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from tests.simulation.paxos.world import World

#: Returns whether the seat failed.
Harm: TypeAlias = Callable[[World, int], bool]

_DOWN_SECONDS = 4.0
_AWAY_SECONDS = 6.0


def _restart_later(world: World, seat: int, *, damaged: bool = False, most: float = _DOWN_SECONDS) -> bool:
    seconds = world.rng.random() ** 2 * most
    life = world.members[seat].life

    def restart() -> None:
        member = world.members[seat]
        if not member.up and member.life == life:
            member.start(damaged)

    world.post.after(seconds, restart)
    return True


def crash(world: World, seat: int) -> bool:
    """The power fails: what is not synced is lost from some record on."""
    world.members[seat].crash(power=True)
    return _restart_later(world, seat)


def kill(world: World, seat: int) -> bool:
    """The process is killed: what it wrote is in the file, synced or not."""
    world.members[seat].crash(power=False)
    return _restart_later(world, seat)


def _may_lose_disk(world: World, seat: int) -> bool:
    """Whether a majority of disks is left then; and the log has begun, else nobody needs to begin it."""
    referee = world.referee
    intact = [other for other in range(len(referee.books)) if other != seat and not referee.is_lost(other)]
    return referee.formed and len(intact) >= referee.quorum


def wipe(world: World, seat: int) -> bool:
    """The disk is replaced by an empty one."""
    if not _may_lose_disk(world, seat):
        return crash(world, seat)
    member = world.members[seat]
    member.crash(power=True)
    world.tell(seat, "has a new, empty disk")
    member.disk.replace([])
    world.referee.lost(seat)
    return _restart_later(world, seat)


def damage(world: World, seat: int) -> bool:
    """The disk is damaged, which its checksums show."""
    if not _may_lose_disk(world, seat):
        return kill(world, seat)
    member = world.members[seat]
    member.crash(power=True)
    world.tell(seat, "has a damaged disk")
    member.disk.replace([])
    world.referee.lost(seat)
    return _restart_later(world, seat, damaged=True)


def lose_voters(world: World, seat: int) -> bool:
    """As many as may be of those that chose the newest value lose their disks, all at once."""
    voters = world.referee.voters(max(world.referee.chosen, default=0))
    failed = False
    for voter in voters:
        if world.members[voter].up and _may_lose_disk(world, voter):
            world.rng.choice((wipe, damage))(world, voter)
            failed |= voter == seat
    return failed


def forget(world: World, seat: int) -> bool:
    """It loses its disk and is back at once, while what the newest writer sends gets nowhere."""
    if not world.writers or not _may_lose_disk(world, seat):
        return False
    writer = world.writers[-1].seat
    for other in range(len(world.members)):
        if other != writer:
            world.post.cuts[writer, other] = world.post.now + 1.0 + 2.0 * world.rng.random()
    member = world.members[seat]
    member.crash(power=True)
    world.tell(seat, f"has a new, empty disk; n{writer} is not heard")
    member.disk.replace([])
    world.referee.lost(seat)
    return _restart_later(world, seat, most=0.1)


def set_back(world: World, seat: int) -> bool:
    """The disk is as it was once: so long ago that every other one knows of something later."""
    if not _may_lose_disk(world, seat):
        return crash(world, seat)
    member = world.members[seat]
    member.crash(power=True)
    books = world.referee.books
    book = books[seat]
    known = min(
        other.known.get(book.identity, 0) if other.met.get(member.address) == book.identity else 0
        for at, other in enumerate(books)
        if at != seat
    )
    length = _length_before(world, seat, known)
    if length is None:
        return _restart_later(world, seat)
    del member.disk.durable[length:]
    world.tell(seat, f"has a disk that was set back to before {known}")
    world.referee.set_back(seat, member.disk.durable)
    return _restart_later(world, seat)


def _length_before(world: World, seat: int, position: int) -> int | None:
    """How many records of its present life are from before it held that position; None when that is none."""
    disk = world.members[seat].disk
    best, identity = None, ""
    for number, record in enumerate(disk.durable):
        if number < disk.summed - 1:
            continue
        kind = type(record).__name__
        if kind == "Identity":
            identity = record.replica  # type: ignore[union-attr]
        held = record.accepted.action.position if kind == "Written" else 0  # type: ignore[union-attr]
        held = record.position if kind in ("Chosen", "Begins") else held  # type: ignore[union-attr]
        if held >= position:
            break
        if kind == "Written" and identity == world.referee.books[seat].identity:
            best = number + 1
    return best


def pause(world: World, seat: int) -> bool:
    """The node stops in place, its writers too, and goes on later."""
    world.members[seat].paused_until = world.post.now + world.rng.random() * _AWAY_SECONDS
    world.tell(seat, "pauses")
    return False


def isolate(world: World, seat: int) -> bool:
    """Nothing gets through to it, from it, or either."""
    ways = world.rng.choice((((seat, None),), ((None, seat),), ((seat, None), (None, seat))))
    until = world.post.now + world.rng.random() * _AWAY_SECONDS
    for other in range(len(world.members)):
        for origin, to in ways:
            pair = (other if origin is None else origin, other if to is None else to)
            if pair[0] != pair[1]:
                world.post.cuts[pair] = until
    world.tell(seat, "is cut off", ways)
    return False


def rival(world: World, seat: int) -> bool:
    """Somebody else is elected."""
    world.elect(world.rng.randrange(len(world.members)))
    return False


def twin(world: World, seat: int) -> bool:
    """Somebody else writes in the same epoch: a node began anew where nobody counts the reigns."""
    world.elect(world.rng.randrange(len(world.members)), world.epoch)
    return False


def leave(world: World, seat: int) -> bool:
    """Some others do not see it in the group for a while."""
    until = world.post.now + world.rng.random() * _AWAY_SECONDS
    for other in range(len(world.members)):
        if world.rng.random() < 0.7:
            world.unseen[other, seat] = until
    world.tell(seat, "leaves the group")
    return False


def compact(world: World, seat: int) -> bool:
    """The disk's records are summed up."""
    world.post.after(0.0, world.members[seat].compact)
    return False


class Kind(NamedTuple):
    """One kind of harm, and how often it is done compared with others."""

    harm: Harm
    weight: int


KINDS = (
    Kind(crash, 6),
    Kind(kill, 4),
    Kind(wipe, 3),
    Kind(damage, 3),
    Kind(lose_voters, 3),
    Kind(forget, 4),
    Kind(set_back, 3),
    Kind(pause, 3),
    Kind(isolate, 3),
    Kind(rival, 6),
    Kind(twin, 1),
    Kind(leave, 2),
    Kind(compact, 2),
)
