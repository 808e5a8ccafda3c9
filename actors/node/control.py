"""The actor `node` of every node: tells who the node is, and starts and stops its actors."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Protocol

from actors import __version__
from actors.node.plugin import load
from actors.process import Process, handles
from actors.supervisor import SUPERVISOR
from actors.system import Restart, Timer
from actors.trace.tracer import RECORDER
from transport.messages.node import (
    ActorSpawned,
    ActorStopped,
    DescribeNode,
    NodeDescription,
    NodeMetricsRead,
    NodePeer,
    NodeRefusal,
    NodeStopping,
    ReadMetrics,
    ReadVerbosity,
    SetVerbosity,
    SpawnActor,
    StopActor,
    StopNode,
    Verbosity,
)
from transport.messages.supervision import ActorStatus
from transport.pid import Address, Pid

#: The name of the control actor on every node.
NODE = "node"
#: Actors that are part of every node and stay.
PERMANENT = (NODE, RECORDER, SUPERVISOR)


class Host(Protocol):
    """What the control actor knows of the node around it."""

    @property
    def address(self) -> Address: ...  # noqa: D102
    @property
    def incarnation(self) -> int: ...  # noqa: D102
    @property
    def process(self) -> int:
        """The operating system's number of this process."""
        ...

    def actors(self) -> tuple[ActorStatus, ...]: ...  # noqa: D102
    def peers(self) -> tuple[NodePeer, ...]: ...  # noqa: D102
    def metrics(self) -> Mapping[str, float]: ...  # noqa: D102
    @property
    def verbosity(self) -> int: ...  # noqa: D102
    def log_with(self, verbosity: int) -> None:
        """Log all lines from now on; with 0, those of the level that the node was started with."""
        ...

    def finish(self) -> None:
        """Begin to end the node; returns at once."""
        ...


class NodeControl(Process):
    """Answers for its node.

    `refusal` is why actors of other nodes may not start or stop anything here; None when they may. Actors
    of this node always may.
    """

    def __init__(self, host: Host, refusal: str | None) -> None:
        self._host = host
        self._refusal = refusal

    def initialize(self) -> None:
        """Begin with nothing under way."""
        self._started = self.system.now()
        self._loaders = itertools.count(1)
        self._loading: dict[Pid, _Loading] = {}
        self._stopping: dict[Pid, list[Pid]] = {}
        #: When the present verbosity ends, if it is not the first one.
        self._calm: Timer | None = None
        self._host.log_with(0)  # a predecessor crashed with the timer

    @handles(DescribeNode)
    def describe(self, sender: Pid, message: DescribeNode) -> None:
        """Tell who this node is, and what lives on it now."""
        description = NodeDescription(
            address=self._host.address,
            incarnation=self._host.incarnation,
            version=__version__,
            process=self._host.process,
            uptime_seconds=self.system.now() - self._started,
            actors=self._host.actors(),
            peers=self._host.peers(),
        )
        self.send(sender, description)

    @handles(ReadMetrics)
    def read_metrics(self, sender: Pid, message: ReadMetrics) -> None:
        """Tell every metric of this node."""
        self.send(sender, NodeMetricsRead(self._host.metrics()))

    @handles(ReadVerbosity)
    def read_verbosity(self, sender: Pid, message: ReadVerbosity) -> None:
        """Tell how much is logged."""
        self.send(sender, Verbosity(self._host.verbosity))

    @handles(SetVerbosity)
    def set_verbosity(self, sender: Pid, message: SetVerbosity) -> None:
        """Log so much, for so long."""
        if not self._permitted(sender, "change what is logged"):
            return
        if self._calm is not None:
            self._calm.cancel()
        self._host.log_with(message.verbosity)
        self._calm = self.delay(message.seconds, self._calm_down)
        self.log.info("verbosity changed", verbosity=message.verbosity, seconds=message.seconds)
        self.send(sender, Verbosity(message.verbosity))

    def _calm_down(self) -> None:
        self._calm = None
        self._host.log_with(0)
        self.log.info("verbosity changed", verbosity=0)

    @handles(SpawnActor)
    def spawn_actor(self, sender: Pid, message: SpawnActor) -> None:
        """Start an actor, unless one bears the name already."""
        if not self._permitted(sender, "spawn actors"):
            return
        living = self._living(message.name)
        under_way = next((one for one in self._loading.values() if one.wanted.name == message.name), None)
        if living is not None and living.kind == message.kind:
            self.send(sender, ActorSpawned(living.pid))
        elif living is not None:
            self._refuse(sender, f"actor {message.name}: the name is taken by {living.kind}")
        elif under_way is None:
            loader = self.spawn(lambda: Loader(self.pid, message), f"loader-{next(self._loaders)}")
            self._loading[loader] = _Loading(message, [sender])
            self.link(loader)
        elif under_way.wanted == message:
            under_way.askers.append(sender)
        else:
            self._refuse(sender, f"actor {message.name}: another one is being started under this name")

    @handles(ActorSpawned)
    def spawned(self, sender: Pid, message: ActorSpawned) -> None:
        """A loader was successful: pass it on."""
        self.log.info("actor spawned", spawned=str(message.pid))
        self._loaded(sender, message)

    @handles(NodeRefusal)
    def not_spawned(self, sender: Pid, message: NodeRefusal) -> None:
        """A loader could not make its actor: pass it on."""
        self.log.warning("actor not spawned", reason=message.reason)
        self._loaded(sender, message)

    @handles(StopActor)
    def stop_actor(self, sender: Pid, message: StopActor) -> None:
        """Finish an actor, and answer when it has."""
        if not self._permitted(sender, "stop actors"):
            return
        living = self._living(message.name)
        if message.name in PERMANENT:
            self._refuse(sender, f"actor {message.name}: is part of every node and stays")
            return
        self.terminate(Pid(message.name, *self.pid.address))
        if living is None:
            self.send(sender, ActorStopped(message.name))
        else:
            self._stopping.setdefault(living.pid, []).append(sender)
            self.link(living.pid)

    @handles(StopNode)
    def stop_node(self, sender: Pid, message: StopNode) -> None:
        """Finish this node."""
        if self._permitted(sender, "stop it"):
            self.log.info("node is told to stop", sender=str(sender))
            self.send(sender, NodeStopping())
            self._host.finish()

    def exited(self, pid: Pid) -> None:
        """An actor that was to stop has, or a loader is at its end."""
        for asker in self._stopping.pop(pid, ()):
            self.log.info("actor stopped", stopped=str(pid))
            self.send(asker, ActorStopped(pid.name))
        loading = self._loading.get(pid)
        if loading is not None:
            reason = "its code crashed while it was loaded; the node's log tells more"
            self._loaded(pid, NodeRefusal(f"actor {loading.wanted.name}: {reason}"))

    def _loaded(self, loader: Pid, answer: ActorSpawned | NodeRefusal) -> None:
        loading = self._loading.pop(loader, None)
        for asker in loading.askers if loading else ():
            self.send(asker, answer)

    def _permitted(self, sender: Pid, what: str) -> bool:
        if self._refusal is None or sender.address == self.pid.address:
            return True
        self._refuse(sender, f"node {self.pid.address} lets no other node {what}: {self._refusal}")
        return False

    def _refuse(self, to: Pid, reason: str) -> None:
        self.log.info("request refused", sender=str(to), reason=reason)
        self.send(to, NodeRefusal(reason))

    def _living(self, name: str) -> ActorStatus | None:
        return next((actor for actor in self._host.actors() if actor.pid.name == name), None)


class Loader(Process):
    """Starts one plugged-in actor and ends: should the foreign code hang or crash, it does so alone."""

    def __init__(self, control: Pid, wanted: SpawnActor) -> None:
        self._control = control
        self._wanted = wanted

    def initialize(self) -> None:
        """Import, make and start the actor."""
        wanted = self._wanted
        try:
            pid = self.spawn(load(wanted), wanted.name, restart=Restart(), vital=wanted.vital)
        except (TypeError, ValueError) as error:
            reason = str(error)
            named = reason if wanted.name in reason else f"actor {wanted.name}: {reason}"
            self.send(self._control, NodeRefusal(named))
        else:
            self.send(self._control, ActorSpawned(pid))
        self.terminate()


class _Loading:
    """An actor that is being started, and who waits for it."""

    def __init__(self, wanted: SpawnActor, askers: list[Pid]) -> None:
        self.wanted = wanted
        self.askers = askers
