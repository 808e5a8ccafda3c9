"""Mesos-style flags: one frozen class per daemon declares them, and everything else is derived.

    class MasterFlags(Flags):
        work_dir: Path = required("Where the master keeps its registry.")
        quorum: int = flag(1, "How many replicas must agree.")
        offer_timeout: Duration | None = flag(None, "How long an offer stands.")

    flags = load(MasterFlags, sys.argv[1:], os.environ, prefix="MESOS_")

Forms (mesos-protocol.md §1.2): `--name=value`, `--name value`, `--name`/`--no-name`/`--name=false` for
booleans, `file:///path` for a value that stands in a file. An environment variable is the flag's name in
capitals behind the prefix; a flag beats it. Values are passed down from `main`, never looked up.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import textwrap
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform

from actors.values import item_of, kind_of, without_none, write_value

T = TypeVar("T")
F = TypeVar("F", bound="Flags")

#: Says why a value is refused ("must be …"), or None.
Check = Callable[[Any], str | None]


class FlagError(ValueError):
    """Flags that cannot be used; the text names the flag and the rule."""


def flag(default: T, help: str, *, aliases: Sequence[str] = (), check: Check | None = None) -> T:  # noqa: A002
    """Declare a flag with its default and the sentence that `--help` says about it."""
    field: Any = dataclasses.field(
        default=default, metadata={"help": help, "aliases": tuple(aliases), "check": check}
    )
    return typing.cast("T", field)


def required(help: str, *, aliases: Sequence[str] = (), check: Check | None = None) -> Any:  # noqa: A002
    """Declare a flag that must be given."""
    return dataclasses.field(metadata={"help": help, "aliases": tuple(aliases), "check": check})


class Missing(typing.NamedTuple):
    """Why a flag that users know is refused; one value may be accepted, which asks for what is so anyway."""

    why: str
    accepted: str | None = None


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(required,))
class Flags:
    """The flags of one daemon; a subclass is a frozen dataclass whose docstring opens its `--help`."""

    #: Flags that users may know and that are not there: by name, why. They are refused, never ignored.
    missing: typing.ClassVar[Mapping[str, Missing]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)


class Declared(typing.NamedTuple):
    """One declared flag."""

    name: str
    annotation: Any
    help: str
    aliases: tuple[str, ...]
    check: Check | None
    #: MISSING where the flag must be given.
    default: Any

    @property
    def is_switch(self) -> bool:
        """Whether `--name` alone says something."""
        return without_none(self.annotation) is bool

    @property
    def is_list(self) -> bool:
        """Whether it may be given several times."""
        return item_of(self.annotation) is not None


def declared(flags: type[Flags]) -> tuple[Declared, ...]:
    """The flags of a class, in the order of their declaration."""
    annotations = typing.get_type_hints(flags)
    fields: Iterator[dataclasses.Field[Any]] = iter(dataclasses.fields(flags))  # type: ignore[arg-type]
    return tuple(
        Declared(field.name, annotations[field.name], default=field.default, **field.metadata)
        for field in fields
    )


def load(flags: type[F], arguments: Sequence[str], environment: Mapping[str, str], *, prefix: str) -> F:
    """Read the flags of a daemon; raises FlagError naming the flag and the rule."""
    known = declared(flags)
    given: dict[str, list[_Given]] = {}
    _refuse_missing(flags, environment, prefix)
    for one in _given(known, arguments, flags.missing):
        given.setdefault(one.flag.name, []).append(one)
    values: dict[str, Any] = {}
    for flag in known:
        sources = given.get(flag.name) or _from_environment(flag, environment, prefix)
        if sources:
            values[flag.name] = _value(flag, sources)
        elif flag.default is dataclasses.MISSING:
            raise FlagError(
                f"--{flag.name}: must be given (or {prefix}{flag.name.upper()} in the environment)"
            )
    return flags(**values)


def as_text(flags: Flags) -> dict[str, str]:
    """The flags as text, as Mesos' `/flags` shows them; those that are None are left out."""
    values = ((flag.name, getattr(flags, flag.name)) for flag in declared(type(flags)))
    return {name: write_value(value) for name, value in values if value is not None}


def help_text(flags: type[Flags], usage: str, *, prefix: str, columns: int = 100) -> str:
    """What `--help` prints: every flag with its form, its sentence and its default."""
    known = declared(flags)
    margin = min(34, max(len(_form(flag)) for flag in known) + 4)
    opening = inspect.cleandoc(flags.__doc__ or "")
    closing = f"Each flag can be given as {prefix}NAME in the environment; the command line comes first."
    if flags.missing:
        names = ", ".join(f"--{name}" for name in flags.missing)
        closing += "\n\n" + textwrap.fill(f"Refused, because they are not there yet: {names}.", columns)
    entries = "\n".join(_entry(flag, margin, columns) for flag in known)
    return f"Usage: {usage}\n\n{opening}\n\nFlags:\n{entries}\n\n{closing}"


class _Given(typing.NamedTuple):
    flag: Declared
    #: How the user wrote it, for errors.
    spelled: str
    text: str


def _refuse_missing(flags: type[Flags], environment: Mapping[str, str], prefix: str) -> None:
    for name, missing in flags.missing.items():
        variable = prefix + name.upper()
        if variable in environment:
            _check_accepted(missing, variable, environment[variable])


def _check_accepted(missing: Missing, spelled: str, text: str) -> None:
    if text != missing.accepted:
        only = "" if missing.accepted is None else f" (only {missing.accepted} is accepted)"
        raise FlagError(f"{spelled}: is not supported: {missing.why}{only}")


def _skip_missing(words: Iterator[str], word: str, missing: Mapping[str, Missing]) -> bool:
    """Whether the word is a missing flag with the value that is accepted; raises FlagError for others."""
    spelled, equals, text = word.partition("=")
    name = spelled.removeprefix("--")
    one = missing.get(name)
    if one is None:
        one = missing.get(name.removeprefix("no-"))
        text = "false"
    elif not equals:
        text = "true" if one.accepted in ("true", "false") else next(words, "")
    if one is not None:
        _check_accepted(one, spelled, text)
    return one is not None


def _given(
    known: Sequence[Declared], arguments: Sequence[str], missing: Mapping[str, Missing]
) -> Iterator[_Given]:
    by_name = {name: flag for flag in known for name in (flag.name, *flag.aliases)}
    words = iter(arguments)
    for word in words:
        if not word.startswith("--") or word == "--":
            raise FlagError(f"{word!r}: not a flag; flags look like --name=value")
        if _skip_missing(words, word, missing):
            continue
        spelled, equals, text = word.partition("=")
        name = spelled.removeprefix("--")
        flag = by_name.get(name)
        if flag is None:
            flag = by_name.get(name.removeprefix("no-"))
            if flag is None or not flag.is_switch:
                raise FlagError(f"{spelled}: no such flag{_nearest(name, by_name)}")
            if equals:
                raise FlagError(f"{spelled}: takes no value")
            text = "false"
        elif not equals:
            text = "true" if flag.is_switch else _next(words, spelled)
        yield _Given(flag, spelled, text)


def _next(words: Iterator[str], spelled: str) -> str:
    text = next(words, None)
    if text is None or text.startswith("--"):
        raise FlagError(f"{spelled}: must have a value, as in {spelled}=value")
    return text


def _nearest(name: str, by_name: Mapping[str, Declared]) -> str:
    names = [form for known, flag in by_name.items() for form in (known, f"no-{known}")[: 1 + flag.is_switch]]
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean --{close[0]}?" if close else "; --help lists them"


def _from_environment(flag: Declared, environment: Mapping[str, str], prefix: str) -> list[_Given]:
    for name in (flag.name, *flag.aliases):
        variable = prefix + name.upper()
        if variable in environment:
            text = environment[variable]
            return [_Given(flag, variable, part) for part in (text.split() if flag.is_list else [text])]
    return []


def _value(flag: Declared, sources: Sequence[_Given]) -> Any:
    if flag.is_list:
        value: Any = tuple(_parsed(source, item_of(flag.annotation)) for source in sources)
    elif len(sources) > 1:
        raise FlagError(f"{sources[1].spelled}: is given twice")
    else:
        value = _parsed(sources[0], flag.annotation)
    reason = flag.check(value) if flag.check else None
    if reason:
        raise FlagError(f"{sources[0].spelled}={sources[0].text}: {reason}")
    return value


def _parsed(source: _Given, annotation: Any) -> Any:
    try:
        return kind_of(annotation).parse(_content(source.text, annotation))
    except (ValueError, OSError) as error:
        raise FlagError(f"{source.spelled}: {error}") from None


def _content(text: str, annotation: Any) -> str:
    """The text itself or, for `file:///path`, what stands in that file; a flag that is a path stays one."""
    if not text.startswith("file://") or without_none(annotation) is Path:
        return text
    return Path(text.removeprefix("file://")).read_text(encoding="utf-8").strip()


def _form(flag: Declared) -> str:
    if flag.is_switch:
        return f"--[no-]{flag.name}"
    annotation = item_of(flag.annotation) or flag.annotation
    return f"--{flag.name}={kind_of(annotation).placeholder}"


def _entry(flag: Declared, margin: int, columns: int) -> str:
    head = f"  {_form(flag)}"
    above = head + "\n" if len(head) + 2 > margin else ""
    first = "" if above else head
    return above + textwrap.fill(
        _sentence(flag), columns, initial_indent=first.ljust(margin), subsequent_indent=" " * margin
    )


def _sentence(flag: Declared) -> str:
    notes = []
    if flag.default is dataclasses.MISSING:
        notes.append("required")
    elif flag.default not in (None, (), ""):
        notes.append(f"default: {write_value(flag.default)}")
    if flag.is_list:
        notes.append("may be repeated")
    if flag.aliases:
        notes.append("also: " + ", ".join(f"--{alias}" for alias in flag.aliases))
    return flag.help + (f" ({'; '.join(notes)})" if notes else "")
