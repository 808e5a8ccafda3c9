"""Plugged-in actors: from `name=module:Class,setting=value` to something that makes the process."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from actors.process import Process
from actors.values import kind_of
from transport.messages.node import SpawnActor
from transport.pid import check_name


class PluginError(ValueError):
    """An actor that cannot be made; the text names the actor, the setting and the rule."""


#: Installed packages name their actors in this group of entry points.
GROUP = "pion.actors"


def parse(text: str) -> SpawnActor:
    """Read `name=module:Class[,setting=value…]`, or an entry point's name in place of the class.

    A part without `=` continues the value before it, so a list needs no quotes: `peers=a@h:1,b@h:2`.
    """
    parts: list[str] = []
    for part in text.split(","):
        if len(parts) > 1 and "=" not in part:
            parts[-1] += "," + part
        else:
            parts.append(part)
    return parse_parts(parts)


def parse_parts(parts: Iterable[str]) -> SpawnActor:
    """Read `name=module:Class` and `setting=value`, already apart."""
    first, *rest = parts
    name, equals, kind = first.partition("=")
    module, colon, cls = kind.partition(":")
    if not (name and equals and module and bool(colon) is bool(cls)):
        raise PluginError(f"actor {first!r}: must be name=module:Class, or name=entry point")
    try:
        check_name(name)
    except ValueError as error:
        raise PluginError(str(error)) from None
    settings: dict[str, str] = {}
    for part in rest:
        setting, equals, value = part.partition("=")
        if not setting or not equals:
            raise PluginError(f"actor {name}: setting {part!r} must be name=value")
        if setting in settings:
            raise PluginError(f"actor {name}: setting {setting} is given twice")
        settings[setting] = value
    return SpawnActor(name, kind, settings)


def load(wanted: SpawnActor) -> Callable[[], Process]:
    """Import the class and read its settings; raises PluginError.

    The module is the plugged-in code: what it raises beyond that goes to the caller.
    """
    cls = _class(wanted)
    try:
        return partial(cls, **_arguments(cls, wanted.settings))
    except ValueError as error:
        raise PluginError(f"actor {wanted.name}: {error}") from None


def _class(wanted: SpawnActor) -> type[Process]:
    module_name, colon, class_name = wanted.kind.partition(":")
    if not colon:
        module_name, _, class_name = _entry_point(wanted).partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for part in class_name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, SyntaxError, TypeError, ValueError) as error:
        raise PluginError(f"actor {wanted.name}: {wanted.kind} cannot be loaded: {error}") from None
    if not isinstance(found, type) or not issubclass(found, Process):
        raise PluginError(f"actor {wanted.name}: {wanted.kind} is not a subclass of actors.process.Process")
    return found


def _entry_point(wanted: SpawnActor) -> str:
    """The `module:Class` that an installed package gives a short name."""
    installed = {point.name: point.value for point in importlib.metadata.entry_points(group=GROUP)}
    found = installed.get(wanted.kind)
    if found is None:
        known = ", ".join(sorted(installed)) or "none"
        raise PluginError(
            f"actor {wanted.name}: there is no entry point {wanted.kind} in the group {GROUP}; "
            f"installed: {known}"
        )
    return found


def _arguments(cls: type[Process], settings: Mapping[str, str]) -> dict[str, object]:
    """The settings as the types of the constructor's annotations; ValueError names setting and rule."""
    parameters = _parameters(cls)
    for name in settings:
        if name not in parameters:
            close = difflib.get_close_matches(name, parameters, n=1)
            hint = f"did you mean {close[0]}" if close else f"there is {', '.join(parameters) or 'none'}"
            raise ValueError(f"setting {name}: {cls.__qualname__} has no such setting; {hint}")
    for name, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and name not in settings:
            raise ValueError(f"setting {name}: must be given")
    try:
        annotations = typing.get_type_hints(cls.__init__)
    except NameError as error:
        raise ValueError(f"the settings of {cls.__qualname__} cannot be read: {error}") from None
    return {name: _read(name, annotations.get(name, str), text) for name, text in settings.items()}


def _parameters(cls: type[Process]) -> dict[str, inspect.Parameter]:
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(cls).parameters
    return {name: parameter for name, parameter in parameters.items() if parameter.kind in named}


def _read(name: str, annotation: Any, text: str) -> object:
    try:
        return kind_of(annotation).parse(text)
    except ValueError as error:
        raise ValueError(f"setting {name}: {error}") from None
    except TypeError:
        raise ValueError(f"setting {name}: a value of type {annotation} cannot be given as text") from None
