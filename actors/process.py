"""The actor: state and typed handlers, glue between a decision and the world.

    class Greeter(Process):
        @handles(Greet)
        def greet(self, sender: Pid, message: Greet) -> None:
            self.send(sender, Greeting(f"hello {message.name}"))

libprocess' words are kept: `initialize`, `finalize`, `send`, `delay`, `link`/`exited`, `spawn`,
`terminate`. A process runs one turn at a time, never blocks, and never waits for another.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import msgspec

from actors.system import NEVER, Log, Restart, System, Timer
from transport.envelope import Envelope
from transport.pid import Pid

P = TypeVar("P", bound="Process")
M = TypeVar("M")


class Initialize(msgspec.Struct, frozen=True):
    """The first turn of every actor."""


class Exited(msgspec.Struct, frozen=True):
    """A linked actor ended, or cannot be reached any more."""

    pid: Pid


class Fired(msgspec.Struct, frozen=True):
    """A timer's time has come."""

    timer: Timer


def handles(
    message_type: type[M],
) -> Callable[[Callable[[P, Pid, M], None]], Callable[[P, Pid, M], None]]:
    """Make a method the handler of one message type: `def name(self, sender: Pid, message: Type)`."""

    def mark(method: Callable[[P, Pid, M], None]) -> Callable[[P, Pid, M], None]:
        method.__dict__["handles"] = message_type
        return method

    return mark


class Process:
    """Subclass it, give it handlers, and a system runs it.

    `__init__` takes whatever settings the process needs and must not touch the world: `pid`, `system`
    and `log` are there from `initialize` on. An exception that leaves a handler is a crash.
    """

    pid: Pid
    system: System
    log: Log

    _handlers: ClassVar[Mapping[type, Callable[[Any, Pid, Any], None]]]
    _names: ClassVar[Mapping[type, str]] = MappingProxyType({})
    _cause: Envelope | None = None
    #: What `link` was called with and neither `unlink` nor `exited` since.
    _linked: dict[Pid, None]

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        names = dict(cls._names)
        for name, method in cls.__dict__.items():
            message_type = getattr(method, "__dict__", {}).get("handles")
            if message_type is None:
                continue
            if names.setdefault(message_type, name) != name:
                raise TypeError(
                    f"{cls.__qualname__}.{name}: {message_type.__name__} is already handled by "
                    f"{names[message_type]}"
                )
            _check_signature(cls, name, method, message_type)
        cls._names = MappingProxyType(names)
        # Looked up by name, so that a subclass may override a handler like any other method.
        cls._handlers = _SIGNALS | {message_type: getattr(cls, name) for message_type, name in names.items()}

    # What a subclass may define.

    def initialize(self) -> None:
        """Run as the first turn, before any message."""

    def finalize(self) -> None:
        """Run as the last turn when the actor is terminated; not after a crash."""

    def exited(self, pid: Pid) -> None:
        """Run once for each link whose other end is gone; `pid` is what was given to `link`."""

    def unhandled(self, sender: Pid, message: object) -> None:
        """Run for a message that no handler takes."""
        self.log.warning("message not handled", type=type(message).__name__, sender=str(sender))

    # What a subclass may do.

    def send(self, to: Pid, message: object) -> None:
        """Send a message; see `System.send`."""
        self.system.send(self.pid, to, message, self._cause)

    def delay(self, seconds: float, callback: Callable[..., None], *arguments: object) -> Timer:
        """Run `callback(*arguments)` as a turn of this process, `seconds` from now.

        Raises ValueError when that is not a number.
        """
        _check_number(seconds)
        timer = Timer(self.pid, _bound(callback, arguments), self._cause)
        self.system.schedule(timer, seconds)
        return timer

    def every(self, seconds: float, callback: Callable[..., None], *arguments: object) -> Timer:
        """Run `callback(*arguments)` each `seconds`, first after one such pause; each run begins a trace.

        The pause is counted from the end of one run to the next, so a slow run never piles up.
        """
        _check_number(seconds)
        timer = Timer(self.pid, _bound(callback, arguments), None, seconds)
        self.system.schedule(timer, seconds)
        return timer

    def link(self, pid: Pid) -> None:
        """Be told `exited(pid)` once, when that actor ends or cannot be reached."""
        self._linked[pid] = None
        self.system.link(self.pid, pid)

    def unlink(self, pid: Pid) -> None:
        """Take a link back; an `exited` that is already queued does not come."""
        self._linked.pop(pid, None)
        self.system.unlink(self.pid, pid)

    def spawn(
        self, make: Callable[[], Process], name: str, *, restart: Restart = NEVER, vital: bool = False
    ) -> Pid:
        """Start another actor on this node; see `System.spawn`."""
        return self.system.spawn(make, name, restart=restart, vital=vital)

    def terminate(self, pid: Pid | None = None) -> None:
        """End this actor, or another one of this node, after its present turn."""
        self.system.terminate(self.pid if pid is None else pid)

    # What the system calls.

    def attach(self, system: System, pid: Pid) -> None:
        """Give the process its place in the world, before its first turn."""
        self.system = system
        self.pid = pid
        self.log = system.logger(pid)
        self._linked = {}

    def receive(self, envelope: Envelope) -> None:
        """Run one turn; what it raises is a crash of this actor."""
        self._cause = envelope
        try:
            handler = self._handlers.get(type(envelope.message))
            if handler is None:
                self.unhandled(envelope.sender, envelope.message)
            else:
                handler(self, envelope.sender, envelope.message)
        finally:
            self._cause = None

    def _initialize(self, _sender: Pid, _signal: Initialize) -> None:
        self.initialize()

    def _exited(self, _sender: Pid, signal: Exited) -> None:
        # Taken back since it was queued? Nobody else can tell: links are made and taken back in turns.
        if signal.pid in self._linked:
            del self._linked[signal.pid]
            self.exited(signal.pid)

    def _fired(self, _sender: Pid, signal: Fired) -> None:
        timer = signal.timer
        if timer.cancelled:
            return
        # The envelope carries the trace; a kept cause would chain all firings of a retry loop in memory.
        timer.cause = None
        timer.callback()
        if timer.period_seconds is not None and not timer.cancelled:
            self.system.schedule(timer, timer.period_seconds)


_SIGNALS: dict[type, Callable[[Any, Pid, Any], None]] = {
    Initialize: Process._initialize,  # noqa: SLF001
    Exited: Process._exited,  # noqa: SLF001
    Fired: Process._fired,  # noqa: SLF001
}
Process._handlers = MappingProxyType(_SIGNALS)  # noqa: SLF001


def _bound(callback: Callable[..., None], arguments: tuple[object, ...]) -> Callable[[], None]:
    # A partial, unlike a lambda, still tells a trace whose callback it is.
    return functools.partial(callback, *arguments) if arguments else callback


def _check_number(seconds: float) -> None:
    # No number is before or after NaN: among the times of a node's timers it would stop them all.
    if seconds != seconds:
        raise ValueError(f"a pause of {seconds} seconds: must be a number")


def _check_signature(
    cls: type, name: str, method: Callable[[Any, Pid, Any], None], message_type: type
) -> None:
    """Refuse a handler whose annotation names another type than `@handles` does."""
    parameters = list(inspect.signature(method).parameters.values())
    if len(parameters) != 3:
        raise TypeError(f"{cls.__qualname__}.{name}: a handler takes (self, sender, message)")
    declared = parameters[2].annotation
    if declared is inspect.Parameter.empty:
        return
    if isinstance(declared, str):
        # The name may not be importable yet (a class local to a function), so names are compared then.
        try:
            declared = typing.get_type_hints(method)[parameters[2].name]
        except NameError:
            declared = message_type if declared.split(".")[-1] == message_type.__name__ else declared
    if (typing.get_origin(declared) or declared) is not message_type:
        raise TypeError(
            f"{cls.__qualname__}.{name}: handles {message_type.__name__}, but its message is "
            f"annotated {declared}"
        )
