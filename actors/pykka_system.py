"""Hosts processes for real: each on its own thread by pykka, with one clock and one router for all.

The only file that imports pykka. What pykka leaves open is settled here (reliability.md §4.3): every
exception ends the actor in one uniform way and reaches its supervisor and the linked (P1, P2, P4),
`initialize` is an ordinary first turn (P3), mailboxes are bounded (P5), and nobody but `ask` waits (P6).
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable

import pykka

from actors.actor import Actor, Terminate
from actors.asks import Asker, Asks
from actors.blueprint import Blueprint, describe
from actors.brief_log import structured
from actors.clock import Clock
from actors.disk import Disk
from actors.exits import Exits
from actors.mailbox import Mailbox, NodeInbox
from actors.process import Exited, Fired, Initialize, Process
from actors.stage import Stage
from actors.supervisor import SUPERVISOR, Supervisor
from actors.system import NEVER, Log, Restart, StoppingError
from actors.trace.tracer import Tracer
from actors.troubles import Troubles
from transport.envelope import Envelope
from transport.messages.supervision import ActorStatus
from transport.pid import Address, Pid, check_name
from transport.router import Limits, PeerStatus, Router
from transport.secret import Secret

#: Messages that may wait in a mailbox before further ones are refused.
MAILBOX_BOUND = 65_536
#: A signal that comes just before the main thread begins to wait does not wake it: it looks up this often.
_SIGNALS_SECONDS = 0.25


class PykkaSystem:
    """A node's worth of actors on threads: an `actors.system.System`. Without `bind` it is an island."""

    def __init__(
        self,
        *,
        bind: Address | None = None,
        advertise_host: str | None = None,
        secret: Secret | None = None,
        limits: Limits | None = None,
        disk: Disk | None = None,
        tracer: Tracer | None = None,
        logger: Callable[[Pid], Log] | None = None,
        network_log: Callable[..., object] | None = None,  # takes an event, and values by name
        fault: Callable[[str], None] | None = None,
        mailbox_bound: int = MAILBOX_BOUND,
    ) -> None:
        self.rng = random.Random()  # noqa: S311  chance, not secrecy
        self.tracer = tracer
        #: Tells this life of the node from those before it on the same address: microseconds since the
        #: epoch at its start. Its actors' incarnations count up from there.
        self.incarnation = time.time_ns() // 1000
        self.address = Address("localhost", 1)
        self.now = time.monotonic
        self.wall = time.time
        self.logger = logger or structured
        self.fault = fault or (lambda _point: None)
        self._disk = disk
        self._epoch = 0
        self._mailbox_bound = mailbox_bound
        self._incarnations = itertools.count(self.incarnation)
        self._clock = Clock(lambda timer: self._post_signal(timer.pid, Fired(timer), timer.cause))
        self.schedule = self._clock.schedule
        self._router: Router | None = None
        if bind is not None:
            self._router = Router(
                bind=bind,
                advertise_host=advertise_host,
                incarnation=self.incarnation,
                receive=self._receive,
                broken=self._broken,
                dropped=self.discard,
                failed=lambda: self.abort("the network's thread ended by a bug"),
                secret=secret,
                limits=limits or Limits(),
                log=network_log,
            )
        # Guards the tables below; reading one entry needs no lock.
        self._lock = threading.RLock()
        self._mailboxes: dict[Pid, Mailbox | Asker | NodeInbox] = {}
        self._actors: dict[str, Actor] = {}
        #: Actors that crashed and may get a successor.
        self._crashed: dict[str, Blueprint] = {}
        self._exits = self._make_exits()
        self._troubles = Troubles()
        self.trouble = self._troubles.reason
        #: Questions from threads that are no actor's; `ask` is the usual one.
        self.asks = Asks(self, self._mailboxes, self.trouble)
        self.ask = self.asks.ask
        self._stopping = False
        self._ended = threading.Event()
        self._failure: str | None = None

    # Life of the system.

    def start(self) -> None:
        """Open the network, if any, and start the supervisor; raises OSError when it cannot listen."""
        if self._router is not None:
            self.address = self._router.start()
            self._exits = self._make_exits()
        node = Pid("", self.address.host, self.address.port)
        self._mailboxes[node] = NodeInbox(self._exits.receive)
        self._clock.start()
        self.log = self.logger(node)
        self.spawn(Supervisor, SUPERVISOR, vital=True)

    def stop(self, timeout_seconds: float = 5.0) -> tuple[str, ...]:
        """Terminate the actors, the youngest first, and close the network.

        Returns the names of actors that did not finish within the time given to all; they are left behind.
        """
        deadline = time.monotonic() + timeout_seconds
        with self._lock:
            self._stopping = True
            actors = list(self._actors.values())
        late = []
        for actor in reversed(actors):
            actor.mailbox.post_urgent(Envelope(actor.pid, actor.pid, Terminate()))
            # Half of what is left, so that one stuck actor leaves time for those after it.
            if not actor.gone.wait(max(0.0, deadline - time.monotonic()) / 2):
                late.append(actor.pid.name)
        self._clock.stop()
        if self._router is not None:
            self._router.stop(max(0.1, deadline - time.monotonic()))
        self._ended.set()
        return tuple(late)

    def wait(self) -> str | None:
        """Block until `stop` has ended or something called `abort`; returns the reason of the abort."""
        while not self._ended.wait(_SIGNALS_SECONDS):
            pass
        return self._failure

    def abort(self, reason: str) -> None:
        """Have `wait` return `reason`; the first one counts."""
        if self._failure is None:
            self._failure = reason
            self.log.error("node aborts", reason=reason)
        self._ended.set()

    # What processes ask for (actors.system.System).

    @property
    def disk(self) -> Disk:
        """The node's storage; raises RuntimeError when it was started without one."""
        if self._disk is None:
            raise RuntimeError("this node has no disk: start it with a work directory (--work_dir)")
        return self._disk

    @property
    def epoch(self) -> int:
        """See `System.epoch`."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        with self._lock:
            self._epoch = epoch
            if self._router is not None:
                self._router.epoch = epoch

    def send(self, sender: Pid, to: Pid, message: object, cause: Envelope | None = None) -> None:
        """See `System.send`."""
        tracer = self.tracer
        if tracer is None:
            envelope = Envelope(sender, to, message)
        elif cause is None or not cause.trace:
            envelope = tracer.envelope(sender, to, message, None)
        else:  # the same without a call, which would take as long again
            envelope = Envelope(
                sender, to, message, cause.trace, tracer.next_span(), cause.span, tracer.now()
            )
        mailbox = self._mailboxes.get(to)
        if mailbox is None:
            self._send_elsewhere(envelope)
        elif not mailbox.post(envelope):
            self._overflow(envelope)

    def link(self, watcher: Pid, to: Pid) -> None:
        """See `System.link`."""
        self._exits.link(watcher, to)

    def unlink(self, watcher: Pid, to: Pid) -> None:
        """See `System.unlink`."""
        self._exits.unlink(watcher, to)

    def spawn(
        self,
        make: Callable[[], Process],
        name: str,
        *,
        restart: Restart = NEVER,
        vital: bool = False,
        stage: Stage | None = None,
    ) -> Pid:
        """See `System.spawn`; its turns are on that stage, or else on a thread of its own."""
        check_name(name)
        return self._spawn(Blueprint(make, name, restart, vital, stage), make())

    def respawn(self, name: str) -> None:
        """See `System.respawn`."""
        blueprint = self._crashed.get(name)
        if blueprint is None:
            return
        try:
            process = blueprint.make()
            with self._lock:
                # Meanwhile somebody may have ended it for good, or spawned another under its name.
                if self._crashed.get(name) is blueprint and not self._stopping:
                    self._spawn(blueprint, process)
        except Exception as error:  # the maker is the plugged-in actor's code
            pid = Pid(name, *self.address, next(self._incarnations))
            self.log.error("actor could not be made again", crashed=str(pid), exc_info=error)
            self._report_crash(blueprint, pid, error, None)

    def terminate(self, pid: Pid) -> None:
        """See `System.terminate`."""
        with self._lock:
            mailbox = self._mailboxes.get(pid)
            if isinstance(mailbox, Mailbox):
                self._actors[pid.name].blueprint.wanted = False
                mailbox.post_urgent(Envelope(pid, pid, Terminate()))
            elif pid == self.pid_of(pid.name):
                self._crashed.pop(pid.name, None)

    # What the host of the system asks for.

    def pid_of(self, name: str) -> Pid:
        """The Pid of whoever bears `name` on this node."""
        return Pid(name, self.address.host, self.address.port)

    def actors(self) -> tuple[ActorStatus, ...]:
        """Every actor of this node, in order of spawning."""
        with self._lock:
            return tuple(actor.status() for actor in self._actors.values())

    def peers(self) -> tuple[PeerStatus, ...]:
        """The nodes that this one is connected with."""
        return () if self._router is None else self._router.peers()

    # Actors come and go.

    def _spawn(self, blueprint: Blueprint, process: Process) -> Pid:
        name = blueprint.name
        with self._lock:
            if self._stopping:
                raise StoppingError(f"actor {name}: this node is stopping")
            if name in self._actors:
                raise ValueError(f"actor {name}: the name is taken on this node")
            pid = Pid(name, *self.address, next(self._incarnations))
            process.attach(self, pid)
            stage: Stage = blueprint.stage or _Thread
            mailbox = stage.mailbox(self._mailbox_bound)
            mailbox.post_urgent(self._signal(pid, Initialize()))
            actor = self._actors[name] = Actor(self, blueprint, process, mailbox)
            self._mailboxes[pid] = self._mailboxes[pid.whoever()] = mailbox
            try:
                stage.start(actor)
            except (RuntimeError, StoppingError):  # the machine gives no more threads, or the stage has ended
                self._remove(pid)
                raise
            self._crashed.pop(name, None)
        return pid

    def _remove(self, pid: Pid) -> None:
        del self._actors[pid.name], self._mailboxes[pid], self._mailboxes[pid.whoever()]

    def ended(self, actor: Actor, error: BaseException | None, cause: Envelope) -> None:
        """Make room for a successor and tell who is to know; see `actor.Host`."""
        pid = actor.pid
        with self._lock:
            self._remove(pid)
            if error is not None and actor.blueprint.restarts:
                self._crashed[pid.name] = actor.blueprint
        self._exits.ended(pid)
        if error is not None:
            self._report_crash(actor.blueprint, pid, error, cause)

    def _report_crash(
        self, blueprint: Blueprint, pid: Pid, error: BaseException, cause: Envelope | None
    ) -> None:
        report = blueprint.crashed(pid, error)
        if pid.name == SUPERVISOR:
            self.abort(f"the supervisor crashed: {describe(error)}")
        else:
            self.send(pid, self.pid_of(SUPERVISOR), report, cause)

    # Messages that do not simply reach a mailbox of this node.

    def _send_elsewhere(self, envelope: Envelope) -> None:
        if envelope.to.address == self.address:
            self.discard(envelope, "no such actor")
        elif self._router is None:
            self.discard(envelope, "this node has no network")
        else:
            self._router.send(envelope)  # which raises for what cannot be encoded: that was not sent
            if self.tracer is not None:
                self.tracer.sent(envelope)

    def _receive(self, envelope: Envelope) -> None:
        """Take a message from another node; runs on the router's thread."""
        if self._troubles:
            self._troubles.heard(envelope.sender.address)
        if envelope.epoch > self._epoch:
            with self._lock:  # its detector may set it at this very moment
                self.epoch = max(envelope.epoch, self._epoch)
        mailbox = self._mailboxes.get(envelope.to)
        if mailbox is None:
            self.discard(envelope, "no such actor")
        elif not mailbox.post(envelope):
            self._overflow(envelope)

    def _overflow(self, envelope: Envelope) -> None:
        """A full mailbox refuses a message: whoever linked the actor learns that something was lost."""
        self.discard(envelope, "mailbox full")
        mailbox = self._mailboxes.get(envelope.to)
        count = mailbox.overflows if isinstance(mailbox, Mailbox) else 0
        if count & (count - 1) == 0:  # logs the 1st, 2nd, 4th, 8th, … so that a flood cannot fill the log
            self.log.error("mailbox full", actor=str(envelope.to), sender=str(envelope.sender), dropped=count)
        self._exits.lost(envelope.sender, envelope.to)

    def discard(self, envelope: Envelope, reason: str) -> None:
        """Drop a message that came here, or never left for another node; see `actor.Host`."""
        if self.tracer is not None:
            self.tracer.dropped(envelope, reason)
        if envelope.credit is not None:
            envelope.credit.spend()

    def taken(self, envelope: Envelope) -> None:
        """Note an answer, which will have no turn; see `asks.AskedSystem`."""
        if self.tracer is not None:
            now = self.now()
            self.tracer.handled(envelope, now, now)
        if envelope.credit is not None:
            envelope.credit.spend()

    # Timers, links, and what nodes tell each other.

    def _signal(self, to: Pid, signal: object, cause: Envelope | None = None) -> Envelope:
        if self.tracer is None:
            return Envelope(to, to, signal)
        return self.tracer.envelope(to, to, signal, cause)

    def _post_signal(self, to: Pid, signal: object, cause: Envelope | None = None) -> None:
        mailbox = self._mailboxes.get(to)
        if mailbox is not None:
            mailbox.post_signal(self._signal(to, signal, cause))

    def _make_exits(self) -> Exits:
        return Exits(
            self.address,
            alive=lambda pid: pid in self._mailboxes,
            deliver=lambda link: self._post_signal(link.watcher, Exited(link.to)),
            tell=lambda node, sender, message: self._send_elsewhere(
                Envelope(sender, Pid("", *node), message)
            ),
        )

    def _broken(self, address: Address, reason: str) -> None:
        is_news = self._troubles.reason(address) != reason
        self._troubles.broke(address, reason)
        count = self._exits.broken(address)
        if count and is_news:
            self.log.info("links broken", peer=str(address), links=count, reason=reason)


class _Thread(pykka.ThreadingActor):
    """pykka's part: a thread that takes from the mailbox and gives the actor its turns; the usual stage."""

    mailbox = Mailbox
    # An actor stuck in a turn must not keep the daemon from ending; `PykkaSystem.stop` waits for the others.
    use_daemon_thread = True

    def __init__(self, actor: Actor) -> None:
        super().__init__()
        # The mailbox is pykka's inbox and its envelope in one.
        self.actor_inbox = actor.mailbox  # type: ignore[assignment]
        self._actor = actor

    def on_start(self) -> None:
        threading.current_thread().name = self._actor.pid.name

    def on_receive(self, message: Envelope) -> None:
        if not self._actor.run(message):
            # What pykka's own stop message would do; that one went to the inbox pykka made, not to ours.
            pykka.ActorRegistry.unregister(self.actor_ref)
            self.actor_stopped.set()
