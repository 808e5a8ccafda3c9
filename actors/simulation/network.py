"""The network between simulated nodes: connections that come up, fall silent and break.

A message needs a connection, and the first one dials. While a direction is cut, or a node is down or
paused, messages wait as TCP lets them wait; if it lasts too long, the node that hears nothing gives up.
Giving up breaks the connection: what waited or was under way is lost, every link across it ends, and the
next message dials anew. The times are those of the real router (`transport.limits`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from actors.simulation.agenda import Agenda
from actors.simulation.connection import Connection, End
from actors.simulation.faults import Faults
from transport import codec
from transport.envelope import Envelope
from transport.limits import Limits
from transport.pid import Address

if TYPE_CHECKING:
    from actors.simulation.machine import Machine

#: A direction: from the node of the first name to that of the second.
Direction = tuple[str, str]


class Network:
    """Carries messages between nodes. With `use_codec` each goes through bytes, as over a real wire.

    `carried(content)` is called with those bytes.
    """

    def __init__(
        self,
        agenda: Agenda,
        rng: random.Random,
        *,
        faults: Faults,
        limits: Limits,
        use_codec: bool,
        carried: Callable[[bytes], None],
    ) -> None:
        self.nodes: dict[Address, Machine] = {}
        self._agenda = agenda
        self._rng = rng
        self._limits = limits
        self._use_codec = use_codec
        self._carried = carried
        self._default = faults
        self._usual_delay_seconds = faults.delay_seconds
        self._faults: dict[Direction, Faults] = {}
        self._cuts: dict[Direction, None] = {}
        self._connections: dict[Connection, None] = {}
        self._silences = 0

    def send(self, node: Machine, envelope: Envelope) -> None:
        """Take a message from `node`; raises TypeError when it cannot be encoded."""
        to = envelope.to
        message = self._over_the_wire(envelope.message) if self._use_codec else envelope.message
        end = node.ends.get((to.host, to.port)) or self._dial(node, to.address)
        carried = Envelope(
            envelope.sender, to, message, envelope.trace, envelope.span, envelope.parent, 0.0, end, node.epoch
        )
        sent = end.send(carried)
        if not sent and len(end.waiting) > self._limits.queue_messages:
            self._close(end, "too many messages wait for it")

    # What a test, or fate, does.

    def set_faults(self, faults: Faults, directions: Iterable[Direction] | None) -> None:
        """Treat messages so in these directions, or in all but those that have faults of their own."""
        if directions is None:
            self._default = faults
        else:
            self._faults |= dict.fromkeys(directions, faults)
        self.refresh()

    def clear_faults(self, directions: Iterable[Direction]) -> None:
        """Treat messages in these directions like those in all others."""
        for direction in directions:
            self._faults.pop(direction, None)
        self.refresh()

    def cut(self, directions: Iterable[Direction]) -> None:
        """Let nothing pass in these directions; neither end is told."""
        self._cuts |= dict.fromkeys(directions)
        self.refresh()

    def mend(self, directions: Iterable[Direction] | None = None) -> None:
        """Let messages pass again, in these directions or in all."""
        for direction in tuple(self._cuts) if directions is None else directions:
            self._cuts.pop(direction, None)
        self.refresh()

    def calm(self) -> None:
        """Be a good network in every direction again: no cuts, no faults."""
        self._default = Faults(delay_seconds=self._usual_delay_seconds)
        self._faults.clear()
        self.mend()

    def disconnect(self, node: Machine, other: Machine) -> None:
        """Reset the connection between two nodes, if they have one, and tell both."""
        end = node.ends.get(other.address)
        if end is not None:
            end.connection.break_off()
            self._look_at(end.connection)

    # What becomes of nodes.

    def died(self, node: Machine) -> None:
        """The node's process is no more."""
        for end in tuple(node.ends.values()):
            end.open = False
            end.waiting.clear()
            end.connection.break_off()
        node.ends.clear()
        self.refresh()

    def refresh(self) -> None:
        """Look at every connection again: something about nodes or directions has changed."""
        for connection in tuple(self._connections):
            self._look_at(connection)

    # How connections live.

    def _dial(self, node: Machine, address: Address) -> End:
        end = self._dialed_by(address, node.address)
        if end is None:
            end = End(self._agenda, self._rng, node.address, self._limits.window)
            far = End(self._agenda, self._rng, address, self._limits.window)
            self._connections[Connection(end, far)] = None
        self._join(end, node)
        self._look_at(end.connection)
        return end

    def _dialed_by(self, address: Address, node: Address) -> End | None:
        """This node's end of a connection that the other one is about to make."""
        for connection in self._connections:
            dialer, acceptor = connection.ends
            if (dialer.address, acceptor.address) == (address, node) and not connection.broken:
                return acceptor
        return None

    def _join(self, end: End, node: Machine) -> None:
        end.node = node
        end.open = True
        node.ends[end.far.address] = end

    def _look_at(self, connection: Connection) -> None:
        for end in connection.ends:
            end.node = self.nodes.get(end.address)
        if connection.is_new and self._can_open(connection):
            connection.opening = True
            there, back = connection.ends
            self._agenda.after(self._delay(there) + self._delay(back), self._establish, connection)
        for end in connection.ends:
            self._look_at_end(end)
        if not any(end.open for end in connection.ends):
            self._connections.pop(connection, None)

    def _look_at_end(self, end: End) -> None:
        connection = end.connection
        far = end.far
        end.use(self._faults_of(end))
        end.flowing = (
            connection.established
            and not connection.broken
            and self._passes(end)
            and _is_running(end)
            and _has_power(far)
        )
        if not end.open:
            return
        if connection.broken and _has_power(far) and self._passes(far):
            self._tell(end)
        elif connection.established and not connection.broken and self._passes(far) and _is_running(far):
            end.silence = None
            end.flush()
        elif end.silence is None:
            self._silences += 1
            end.silence = self._silences
            self._agenda.after(self._patience(end), self._give_up, (end, end.silence))

    def _patience(self, end: End) -> float:
        """Seconds until this end gives up; it last heard a ping some time before the silence began."""
        limits = self._limits
        seconds = limits.hello_seconds
        if end.connection.established:
            seconds = limits.silence_seconds - self._rng.random() * limits.ping_seconds
        return seconds / (end.node.clock.rate if end.node else 1.0)

    def _can_open(self, connection: Connection) -> bool:
        return all(self._passes(end) and _is_running(end) for end in connection.ends)

    def _establish(self, connection: Connection) -> None:
        connection.opening = False
        if connection.broken or not self._can_open(connection):
            return
        _, acceptor = connection.ends
        node = acceptor.node
        if node is not None and not acceptor.open:
            older = node.ends.get(acceptor.far.address)
            if older is not None:
                self._close(older, "the peer made a new connection")
            self._join(acceptor, node)
        connection.established = True
        for end in connection.ends:
            end.silence = None
        self._look_at(connection)

    def _give_up(self, silence: tuple[End, int]) -> None:
        end, number = silence
        if not end.open or end.silence != number or end.node is None:
            return
        if end.node.paused:
            end.node.defer(self._give_up, silence)
        else:
            heard = end.connection.established
            self._close(end, "silent" if heard else "cannot be reached")

    def _tell(self, end: End) -> None:
        """Send an end the news that the connection is broken."""
        if end.told:
            return
        end.told = True
        far = end.far
        # The far host answers for the process that gave up; after a reboot not before it is spoken to.
        rebooted = far.node is not None and far.node.lost_power
        late = self._rng.random() * self._limits.ping_seconds if rebooted else 0.0
        self._agenda.after(self._delay(far) + late, self._learn, end)

    def _learn(self, end: End) -> None:
        """Take the news that the connection is broken."""
        if end.open and end.node is not None:
            if end.node.paused:
                end.node.defer(self._learn, end)
            else:
                self._close(end, "the connection broke")

    def _close(self, end: End, reason: str) -> None:
        node = end.node
        if not end.open or node is None:
            return
        end.open = False
        end.connection.break_off()
        if node.ends.get(end.far.address) is end:
            del node.ends[end.far.address]
        lost = tuple(end.waiting)
        end.waiting.clear()
        for envelope in lost:
            node.dropped(envelope, reason)
        node.broken(end.far.address, reason)
        self._look_at(end.connection)

    def _passes(self, end: End) -> bool:
        """Whether what this end says can get to the far one."""
        far = end.far
        return (
            end.node is not None and far.node is not None and (end.node.name, far.node.name) not in self._cuts
        )

    def _faults_of(self, end: End) -> Faults:
        if end.node is None or end.far.node is None:
            return self._default
        return self._faults.get((end.node.name, end.far.node.name), self._default)

    def _delay(self, end: End) -> float:
        low, high = self._faults_of(end).delay_seconds
        return self._rng.uniform(low, high)

    def _over_the_wire(self, message: object) -> object:
        type_name, body = codec.encode(message)
        self._carried(body)
        return codec.decode(type_name, body)


def _has_power(end: End) -> bool:
    return end.node is not None and end.node.has_power


def _is_running(end: End) -> bool:
    return end.node is not None and end.node.up and not end.node.paused
