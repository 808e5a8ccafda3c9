"""A simulated node: the actors of one machine, and what they may ask for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeVar

from actors.actor import Terminate
from actors.blueprint import Blueprint, describe
from actors.exits import Exits
from actors.links import Link
from actors.process import Exited, Fired, Initialize, Process
from actors.simulation.actor import Kill, SimulatedActor
from actors.simulation.journal import SimulatedLog
from actors.simulation.machine import Machine, PowerLoss
from actors.simulation.probe import Probe
from actors.simulation.world import World
from actors.supervisor import SUPERVISOR, Supervisor
from actors.system import NEVER, Log, Restart, Timer
from actors.trace.tracer import Tracer
from actors.troubles import Troubles
from transport.envelope import Envelope
from transport.messages.supervision import ActorStatus
from transport.pid import Address, Pid, check_name

#: No timer fires at its very moment: threads take so long to wake, at most.
_TIMER_LATE_SECONDS = 1e-3
#: Actors that have not finished by then are cut off.
_STOP_SECONDS = 5.0

P = TypeVar("P", bound=Process)
Boot = Callable[["SimulatedNode"], object]


class SimulatedNode(Machine):
    """A node's worth of actors in virtual time; implements `actors.system.System`.

    The object stays the same through crashes and restarts; its actors do not, `boot(node)` spawns them
    anew in each life.
    """

    def __init__(
        self,
        world: World,
        address: Address,
        boot: Boot | None,
        *,
        mailbox_bound: int,
        restart_seconds: float | None,
    ) -> None:
        super().__init__(world, address)
        #: Why the node ended itself, if it did.
        self.failure: str | None = None
        self.tracer: Tracer | None = None
        self._boot_actors = boot
        self._mailbox_bound = mailbox_bound
        self._restart_seconds = restart_seconds
        self._incarnations = itertools.count(1)
        self._clear()

    def _clear(self) -> None:
        self._stopping = False
        self._actors: dict[str, SimulatedActor] = {}
        self._routes: dict[Pid, SimulatedActor] = {}
        #: Actors that crashed and may get a successor.
        self._crashed: dict[str, Blueprint] = {}
        self._troubles = Troubles()
        self.trouble = self._troubles.reason
        self._exits = Exits(
            self.address,
            alive=lambda pid: pid in self._routes,
            deliver=self._deliver_exited,
            tell=lambda node, sender, message: self._send_elsewhere(
                Envelope(sender, Pid("", *node), message)
            ),
        )

    # What processes ask for (actors.system.System); `now` and `wall` are the clock's.

    def send(self, sender: Pid, to: Pid, message: object, cause: Envelope | None = None) -> None:
        """See `System.send`."""
        tracer = self.tracer
        if tracer is None:
            envelope = Envelope(sender, to, message)
        else:
            envelope = tracer.envelope(sender, to, message, cause)
        actor = self._routes.get(to)
        if actor is None:
            self._send_elsewhere(envelope)
        elif not actor.post(envelope):
            self._overflow(actor, envelope)

    def schedule(self, timer: Timer, seconds: float) -> None:
        """See `System.schedule`."""
        late = self._world.chance() * _TIMER_LATE_SECONDS
        self._world.agenda.after(max(0.0, seconds) / self.clock.rate + late, self._fire, timer)

    def link(self, watcher: Pid, to: Pid) -> None:
        """See `System.link`."""
        self._exits.link(watcher, to)

    def unlink(self, watcher: Pid, to: Pid) -> None:
        """See `System.unlink`."""
        self._exits.unlink(watcher, to)

    def spawn(
        self, make: Callable[[], Process], name: str, *, restart: Restart = NEVER, vital: bool = False
    ) -> Pid:
        """See `System.spawn`."""
        check_name(name)
        return self._spawn(Blueprint(make, name, restart, vital), make())

    def respawn(self, name: str) -> None:
        """See `System.respawn`."""
        blueprint = self._crashed.get(name)
        if blueprint is None:
            return
        try:
            process = blueprint.make()
            # Meanwhile somebody may have ended it for good, or spawned another under its name.
            if self._crashed.get(name) is blueprint and not self._stopping:
                self._spawn(blueprint, process)
        except Exception as error:  # noqa: BLE001  the maker is the plugged-in actor's code
            pid = Pid(name, *self.address, next(self._incarnations))
            self._world.crashed(pid, "make", error)
            self._log.error("actor could not be made again", crashed=str(pid), exc_info=error)
            self._report_crash(blueprint, pid, error, None)

    def terminate(self, pid: Pid) -> None:
        """See `System.terminate`."""
        actor = self._routes.get(pid)
        if actor is not None:
            actor.blueprint.wanted = False
            actor.post_urgent(self._signal(actor.pid, Terminate()))
        elif pid == self.pid_of(pid.name):
            self._crashed.pop(pid.name, None)

    def abort(self, reason: str) -> None:
        """See `System.abort`; the node is down a moment later."""
        if self.failure is None:
            self.failure = reason
            self._log.error("node aborts", reason=reason)
            self._world.agenda.after(0.0, self._end_life, self.incarnation)

    def logger(self, pid: Pid) -> Log:
        """See `System.logger`."""
        return SimulatedLog(self._world.journal, self._world.agenda, pid)

    # What a test asks for, or fate does.

    def probe(self, name: str = "probe") -> Probe:
        """Spawn an actor that the test holds in its hand."""
        probe = Probe()
        self.spawn(lambda: probe, name)
        return probe

    def pid_of(self, name: str) -> Pid:
        """The Pid of whoever bears `name` on this node."""
        return Pid(name, *self.address)

    def process(self, name: str, kind: type[P]) -> P:
        """The process that bears `name` now, to look into; raises LookupError when there is none."""
        actor = self._actors.get(name)
        if actor is None or not isinstance(actor.process, kind):
            raise LookupError(f"no {kind.__name__} named {name!r} lives on {self.name}")
        return actor.process

    @property
    def boots(self) -> bool:
        """Whether anything brings its actors back after a restart."""
        return self._boot_actors is not None

    def actors(self) -> tuple[ActorStatus, ...]:
        """Every actor of this node, in order of spawning."""
        return tuple(actor.status() for actor in self._actors.values())

    def kill(self, name: str) -> None:
        """Crash an actor in its next turn, which comes at once; raises LookupError when there is none."""
        actor = self._actors.get(name)
        if actor is None:
            raise LookupError(f"no actor {name!r} lives on {self.name}")
        actor.post_urgent(self._signal(actor.pid, Kill()))

    def stop(self) -> None:
        """Ask it to finish (SIGTERM): actors are terminated, the youngest first, within 5 seconds."""
        if self.up:
            self._stopping = True
            self._world.agenda.after(_STOP_SECONDS, self._end_life, self.incarnation)
            self._stop_next()

    def start(self) -> None:
        """Boot from the disk as it is; raises ValueError when the node is up."""
        self._boot()
        self.failure = None
        self._clear()
        self.spawn(Supervisor, SUPERVISOR, vital=True)
        if self._boot_actors is not None:
            try:
                self._boot_actors(self)
            except PowerLoss:
                self.unwound()

    def restart(self) -> None:
        """`start`, but an error of `boot` ends the node as it would end a daemon, not the caller."""
        try:
            self.start()
        except Exception as error:  # noqa: BLE001  what boots is the user's code
            self._world.crashed(self._pid, "boot", error)
            self.abort(f"cannot boot: {describe(error)}")

    def restart_after(self, seconds: float) -> None:
        """Restart so much later, unless somebody has done so by then."""
        self._world.agenda.after(seconds, self._restart_late, self.incarnation)

    def drift(self, rate: float) -> None:
        """Run the monotonic clock at this rate; 1.0 is true, 1.0005 fast by 500 parts in a million."""
        self._world.agenda.stretch(self._fire, self.clock.drift(rate))

    def set_clock_right(self) -> None:
        """End a `drift`; what the clock says meanwhile stands."""
        self.drift(self.clock.usual_rate)

    def recover(self) -> None:
        """Be up and well: disk, clock and speed in order, neither paused nor down."""
        self.disk.mend()
        self.set_clock_right()
        self.hurry()
        self.resume()
        if not self.up:
            self.restart()

    def restartable(self) -> list[tuple[str, Restart]]:
        """The actors that would get a successor if they crashed, by name."""
        return [
            (name, actor.blueprint.restart)
            for name, actor in self._actors.items()
            if actor.blueprint.restart.intensity
        ]

    # What the network does.

    def receive(self, envelope: Envelope) -> None:
        """Take a message from another node."""
        self._troubles.heard(envelope.sender.address)
        if envelope.epoch > self.epoch:
            self.epoch = envelope.epoch
        actor = self._routes.get(envelope.to)
        if actor is not None:
            if not actor.post(envelope):
                self._overflow(actor, envelope)
        elif envelope.to.name:
            self.discard(envelope, "no such actor")
        else:
            self._exits.receive(envelope)
            if envelope.credit is not None:
                envelope.credit.spend()

    def broken(self, address: Address, reason: str) -> None:
        """Take note that the connection with another node is lost."""
        self._troubles.broke(address, reason)
        links = self._exits.broken(address)
        if links:
            self._log.info("links broken", peer=str(address), links=links, reason=reason)

    def dropped(self, envelope: Envelope, reason: str) -> None:
        """Take note of a message that never arrived."""
        if self.tracer is not None:
            self.tracer.dropped(envelope, reason)

    # What its actors do.

    def discard(self, envelope: Envelope, reason: str) -> None:
        """Drop a message that came here."""
        self.dropped(envelope, reason)
        if envelope.credit is not None:
            envelope.credit.spend()

    def crashed(self, envelope: Envelope, error: BaseException) -> None:
        """Take note of a turn that raised."""
        if self.tracer is not None:
            self.tracer.crashed(envelope, describe(error))
        if envelope.credit is not None:
            envelope.credit.spend()

    def ended(self, actor: SimulatedActor, error: BaseException | None, cause: Envelope) -> None:
        """Make room for a successor and tell who is to know."""
        pid = actor.pid
        waiting = actor.end()
        del self._actors[pid.name]
        del self._routes[pid]
        del self._routes[pid.whoever()]
        if error is not None and actor.blueprint.restarts:
            self._crashed[pid.name] = actor.blueprint
        self._exits.ended(pid)
        if error is not None:
            self._report_crash(actor.blueprint, pid, error, cause)
        for envelope in waiting:
            self.discard(envelope, "actor ended")
        if self._stopping:
            self._stop_next()

    # How it works.

    @property
    def _pid(self) -> Pid:
        return Pid("", *self.address)

    @property
    def _log(self) -> Log:
        return self.logger(self._pid)

    def _spawn(self, blueprint: Blueprint, process: Process) -> Pid:
        name = blueprint.name
        if not self.up or self._stopping:
            raise ValueError(f"actor {name}: node {self.name} is {'stopping' if self.up else 'down'}")
        if name in self._actors:
            raise ValueError(f"actor {name}: the name is taken on this node")
        pid = Pid(name, *self.address, next(self._incarnations))
        process.attach(self, pid)
        actor = SimulatedActor(self._world, self, blueprint, process, self._mailbox_bound)
        self._actors[name] = actor
        self._crashed.pop(name, None)
        self._routes[pid] = self._routes[pid.whoever()] = actor
        actor.post_urgent(self._signal(pid, Initialize()))
        return pid

    def _die(self) -> None:
        for actor in self._actors.values():
            actor.end()
        self._clear()
        super()._die()

    def _end_life(self, incarnation: int) -> None:
        """Exit, after an abort or at the end of a stop."""
        if self.up and incarnation == self.incarnation:
            self.kill_process()
            if self.failure is not None and self._restart_seconds is not None:
                self.restart_after(self._restart_seconds)

    def _restart_late(self, incarnation: int) -> None:
        if not self.up and incarnation == self.incarnation:
            self.restart()

    def _stop_next(self) -> None:
        if self._actors:
            self.terminate(next(reversed(self._actors.values())).pid)
        else:
            self._world.agenda.after(0.0, self._end_life, self.incarnation)

    def _report_crash(
        self, blueprint: Blueprint, pid: Pid, error: BaseException, cause: Envelope | None
    ) -> None:
        report = blueprint.crashed(pid, error)
        if pid.name == SUPERVISOR:
            self.abort(f"the supervisor crashed: {describe(error)}")
        else:
            self.send(pid, self.pid_of(SUPERVISOR), report, cause)

    def _signal(self, to: Pid, signal: object, cause: Envelope | None = None) -> Envelope:
        if self.tracer is None:
            return Envelope(to, to, signal)
        return self.tracer.envelope(to, to, signal, cause)

    def _fire(self, timer: Timer) -> None:
        if self.paused:
            self.late_turns.append((self._fire, timer))
            return
        actor = self._routes.get(timer.pid)
        if actor is not None and not timer.cancelled:
            actor.post_signal(self._signal(timer.pid, Fired(timer), timer.cause))

    def _deliver_exited(self, link: Link) -> None:
        actor = self._routes.get(link.watcher)
        if actor is not None:
            actor.post_signal(self._signal(link.watcher, Exited(link.to)))

    def _send_elsewhere(self, envelope: Envelope) -> None:
        if not self.up:
            return
        to = envelope.to
        if (to.host, to.port) != self.address:
            if self.tracer is not None:
                self.tracer.sent(envelope)
            self._world.network.send(self, envelope)
        elif to.name:
            self.discard(envelope, "no such actor")
        else:
            self._exits.receive(envelope)

    def _overflow(self, actor: SimulatedActor, envelope: Envelope) -> None:
        """A full mailbox refuses a message: whoever linked the actor learns that something was lost."""
        self.discard(envelope, "mailbox full")
        count = actor.overflows
        if count & (count - 1) == 0:  # the 1st, 2nd, 4th, 8th, …
            self._log.error(
                "mailbox full", actor=str(envelope.to), sender=str(envelope.sender), dropped=count
            )
        self._exits.lost(envelope.sender, envelope.to)
