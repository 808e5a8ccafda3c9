"""The house rules that no linter knows: each is a function from a source tree to its offences.

Ruff, mypy and import-linter hold the rules they can; these are the others (DESIGN §§2, 3 and 7).
`test_tidy.py` runs all of them, and shows for each that it can fail.
"""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath

PACKAGES = ("actors", "containerizers", "frameworks", "transport")

#: A source file has a median of 120 lines as its goal; these are the limits.
LONGEST_FILE_LINES = 400
LONGEST_TEST_FILE_LINES = 800
MEDIAN_FILE_LINES = 200
LONGEST_FUNCTION_LINES = 60

#: Tests that are about more than one file of the code.
NOT_MIRRORED = tuple(
    f"tests/{place}"
    for place in (
        "benchmarks/",
        "chaos/",
        "integration/",
        "scenarios/",
        "simulation/",
        "test_packaging.py",
        "test_readme.py",
        "test_tidy.py",
    )
)
VAGUE_NAMES = frozenset({"common", "helper", "helpers", "impl", "manager", "misc", "util", "utils"})

#: Where msgspec's decoders are made, and the types that take no such care.
DECODERS = "transport/decoders.py"
PLAIN_TYPES = frozenset({"dict", "list", "str", "int", "float", "bool", "msgspec.Raw"})

#: What a process and a decision reach only through the system that hosts them.
WORLD = frozenset({"docker", "kazoo", "pykka", "random", "socket", "subprocess", "threading", "time", "zmq"})
#: Decisions, beside the processes: files and folders whose code knows no world at all.
DECISIONS = (
    "actors/agent/admission.py",
    "actors/agent/books.py",
    "actors/agent/environment.py",
    "actors/agent/launch.py",
    "actors/agent/memory.py",
    "actors/agent/reconfiguration.py",
    "actors/agent/registrant.py",
    "actors/election/liveness.py",
    "actors/election/requests.py",
    "actors/log/attendance.py",
    "actors/log/catchup.py",
    "actors/log/causes.py",
    "actors/log/concern.py",
    "actors/log/coordinator.py",
    "actors/log/diagnosis.py",
    "actors/log/effects.py",
    "actors/log/entry.py",
    "actors/log/holdings.py",
    "actors/log/identity.py",
    "actors/log/proposal.py",
    "actors/log/records.py",
    "actors/log/recovery.py",
    "actors/log/replica.py",
    "actors/log/shelf.py",
    "actors/log/symptoms.py",
    "actors/log/votes.py",
    "actors/master/allocator/",
    "actors/master/consumption.py",
    "actors/master/log_view.py",
    "actors/master/machines.py",
    "actors/master/operation_answers.py",
    "actors/master/page.py",
    "actors/master/pool.py",
    "actors/master/registrar/changes.py",
    "actors/master/redirection.py",
    "actors/master/removal_rate.py",
    "actors/master/requests.py",
    "actors/master/returning.py",
    "actors/master/validation/",
    "transport/backoff.py",
    "transport/codec.py",
    "transport/envelope.py",
    "transport/frame.py",
    "transport/http/exchange.py",
    "transport/http/limits.py",
    "transport/http/routes.py",
    "transport/http/target.py",
    "transport/limits.py",
    "transport/link.py",
    "transport/message.py",
    "transport/messages/",
    "transport/peer.py",
    "transport/pid.py",
    "transport/record.py",
    "transport/records/",
    "transport/roster.py",
    "transport/switchboard.py",
    "transport/wire.py",
    "transport/zap.py",
)
#: What hosts processes: it alone survives whatever exception they raise, and knows the time of day.
HOSTS = ("actors/actor.py", "actors/logging.py", "actors/pykka_system.py", "actors/simulation/")
UNSAFE = frozenset({"cloudpickle", "dill", "marshal", "pickle", "shelve"})


class Source:
    """One Python file of the tree; `path` is relative to its root."""

    def __init__(self, root: Path, path: PurePosixPath) -> None:
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8")

    def __str__(self) -> str:
        return str(self.path)

    @property
    def is_test(self) -> bool:
        return self.path.parts[0] == "tests"

    @property
    def length(self) -> int:
        return len(self.text.splitlines())

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(ast.parse(self.text)))

    def is_one_of(self, places: tuple[str, ...]) -> bool:
        return str(self).startswith(places)


class Tree:
    """A checkout: what is committed in it, or could be."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ignore = root / ".gitignore"
        self._ignored = [".git", *(ignore.read_text(encoding="utf-8").split() if ignore.exists() else ())]

    @cached_property
    def files(self) -> tuple[PurePosixPath, ...]:
        """Every file that is not ignored, relative to the root."""
        return tuple(sorted(self._files(self.root)))

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The Python files of the packages and the tests."""
        return tuple(
            Source(self.root, path)
            for path in self.files
            if path.suffix == ".py" and path.parts[0] in (*PACKAGES, "tests")
        )

    @property
    def code(self) -> tuple[Source, ...]:
        """The Python files of the packages alone."""
        return tuple(source for source in self.sources if not source.is_test)

    def _files(self, folder: Path) -> Iterator[PurePosixPath]:
        for entry in folder.iterdir():
            if any(fnmatch(entry.name, pattern.strip("/")) for pattern in self._ignored):
                continue
            if entry.is_dir():
                yield from self._files(entry)
            else:
                yield PurePosixPath(entry.relative_to(self.root))


Rule = Callable[[Tree], list[str]]


def files_are_short(tree: Tree) -> list[str]:
    return [
        f"{source}: {source.length} lines"
        for source in tree.sources
        if source.length > (LONGEST_TEST_FILE_LINES if source.is_test else LONGEST_FILE_LINES)
    ]


def the_median_file_is_short(tree: Tree) -> list[str]:
    lengths = [source.length for source in tree.code if source.path.name != "__init__.py"]
    median = statistics.median(lengths or [0])
    return [f"the median file has {median:.0f} lines"] if median > MEDIAN_FILE_LINES else []


def functions_are_short(tree: Tree) -> list[str]:
    return [
        f"{source}:{node.lineno}: {node.name} has {length} lines"
        for source in tree.sources
        for node in source.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION_LINES
    ]


def folders_are_packages(tree: Tree) -> list[str]:
    """A folder of tests without `__init__.py` lets two test files of one name hide each other."""
    packages = {source.path.parent for source in tree.sources if source.path.name == "__init__.py"}
    folders = {folder for source in tree.sources for folder in source.path.parents if folder.name}
    return [f"{folder}: no __init__.py" for folder in sorted(folders - packages)]


def tests_mirror_the_code(tree: Tree) -> list[str]:
    """`tests/actors/test_clock.py` tests `actors/clock.py`; so may `test_clock_of_a_busy_node.py`."""
    code = {source.path.with_suffix("") for source in tree.code}
    code |= {module.parent for module in code if module.name == "__init__"}
    offences = []
    for source in tree.sources:
        if not source.is_test or not source.path.name.startswith("test_") or source.is_one_of(NOT_MIRRORED):
            continue
        folder = source.path.parent.relative_to("tests")
        words = source.path.stem.removeprefix("test_").split("_")
        if code.isdisjoint(folder / "_".join(words[: n + 1]) for n in range(len(words))):
            offences.append(f"{source}: there is no {folder / '_'.join(words)}.py")
    return offences


def files_are_nouns(tree: Tree) -> list[str]:
    return [
        f"{source}: a name that says nothing"
        for source in tree.sources
        if VAGUE_NAMES.intersection(source.path.with_suffix("").parts)
    ]


def the_inner_rings_leave_the_world_alone(tree: Tree) -> list[str]:
    processes = _process_classes(tree)
    inner = (
        source
        for source in tree.code
        if source.is_one_of(DECISIONS)
        # The leaves do not know the actors, and so have no processes.
        or (source.path.parts[0] in ("actors", "frameworks") and _names_of_classes(source) & processes)
    )
    return [offence for source in inner for offence in _worldly(source)]


def _names_of_classes(source: Source) -> set[str]:
    return {node.name for node in source.nodes if isinstance(node, ast.ClassDef)}


def _process_classes(tree: Tree) -> set[str]:
    """Names of Process and of all that derives from it, directly or not."""
    bases = {
        node.name: {
            base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases
        }
        for source in tree.code
        for node in source.nodes
        if isinstance(node, ast.ClassDef)
    }
    found = {"Process"}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return found


def _worldly(source: Source) -> Iterator[str]:
    """Imports of the world; the type `random.Random` may be named, since a system hands one out."""
    for line, module, names in imports(source):
        if module == "random" and names <= {"Random"} and not _makes_chance(source):
            continue
        if module.partition(".")[0] in WORLD:
            yield f"{source}:{line}: imports {module}"


def _makes_chance(source: Source) -> bool:
    called = {node.func for node in source.nodes if isinstance(node, ast.Call)}
    return any(
        isinstance(node, ast.Attribute)
        and getattr(node.value, "id", "") == "random"
        and node.attr != "Random"
        for node in source.nodes
    ) or any("Random" in {getattr(function, "id", ""), getattr(function, "attr", "")} for function in called)


def imports(source: Source) -> Iterator[tuple[int, str, set[str]]]:
    """Line, module, and the names taken from it, of each import outside `if TYPE_CHECKING`."""
    for_types = {
        child
        for node in source.nodes
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in source.nodes:
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, set()
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "", {alias.name for alias in node.names}


def only_hosts_catch_everything(tree: Tree) -> list[str]:
    return [
        f"{source}:{node.lineno}: catches everything"
        for source in tree.code
        if not source.is_one_of(HOSTS)
        for node in source.nodes
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or {"Exception", "BaseException"}.intersection(
                getattr(name, "id", "") for name in ast.walk(node.type)
            )
        )
    ]


def only_hosts_know_the_time_of_day(tree: Tree) -> list[str]:
    return [
        f"{source}:{node.lineno}: reads {ast.unparse(node)}"
        for source in tree.code
        if not source.is_one_of(HOSTS)
        for node in source.nodes
        if isinstance(node, ast.Attribute)
        and re.fullmatch(r"time\.time(_ns)?|(.*\.)?(datetime|date)\.(now|utcnow|today)", ast.unparse(node))
    ]


def nothing_is_unpickled(tree: Tree) -> list[str]:
    return [
        f"{source}:{line}: imports {module}"
        for source in tree.sources
        for line, module, _names in imports(source)
        if module.partition(".")[0] in UNSAFE
    ]


def structs_are_decoded_in_one_place(tree: Tree) -> list[str]:
    """Two threads that make msgspec's decoders at the same time end the process (`transport.decoders`)."""
    return [
        f"{source}:{node.lineno}: {ast.unparse(node.func)} is called beside {DECODERS}"
        for source in tree.code
        if str(source) != DECODERS
        for node in source.nodes
        if isinstance(node, ast.Call) and _decodes_a_struct(node)
    ]


def _decodes_a_struct(call: ast.Call) -> bool:
    called = ast.unparse(call.func)
    if re.fullmatch(r"msgspec\.((json|msgpack)\.Decoder|convert)", called):
        return True
    kinds = [ast.unparse(word.value) for word in call.keywords if word.arg == "type"]
    is_decoding = re.fullmatch(r"msgspec\.(json|msgpack)\.decode", called) is not None
    return is_decoding and any(set(re.findall(r"[\w.]+", kind)) - PLAIN_TYPES for kind in kinds)


def no_set_is_iterated(tree: Tree) -> list[str]:
    """The order of a set differs between runs; only what is plainly a set can be seen here."""
    return [
        f"{source}:{node.iter.lineno}: iterates a set"
        for source in tree.code
        for node in source.nodes
        if isinstance(node, ast.For | ast.comprehension)
        and (
            isinstance(node.iter, ast.Set | ast.SetComp)
            or (isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", "") in {"set", "frozenset"})
        )
    ]


def no_test_is_skipped(tree: Tree) -> list[str]:
    return [
        f"{source}:{node.lineno}: {ast.unparse(node)}"
        for source in tree.sources
        if source.is_test
        for node in source.nodes
        if isinstance(node, ast.Attribute)
        and node.attr in {"skip", "skipif", "xfail", "importorskip"}
        and ast.unparse(node).startswith("pytest.")
    ]


def the_lock_pins_packages_not_places(tree: Tree) -> list[str]:
    lock = (tree.root / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\w)", lock.strip())
    offences = [
        f"requirements.lock: {block.split()[0]} has no hash"
        for block in blocks
        if "--hash=sha256:" not in block
    ]
    places = re.findall(r"^-.*|.*://.*", lock, re.MULTILINE)
    return offences + [f"requirements.lock: {line}" for line in places]


def files_name_no_place_of_a_machine(tree: Tree) -> list[str]:
    """Neither where this checkout or its user's home happens to be, nor where packages come from."""
    # Every Linux has root's home.
    known = (Path("/"), Path("/root"))
    places = [re.escape(str(place)) for place in (tree.root.resolve(), Path.home()) if place not in known]
    pattern = re.compile(rf"(?<![\w./])({'|'.join(places)})(?!\w)|\b(pypi|pythonhosted)\.(python\.)?org\b")
    offences = []
    for path in tree.files:
        content = (tree.root / path).read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
            if found := pattern.search(line):
                offences.append(f"{path}:{number}: names {found.group()}")
    return offences


RULES: tuple[Rule, ...] = (
    files_are_short,
    the_median_file_is_short,
    functions_are_short,
    folders_are_packages,
    tests_mirror_the_code,
    files_are_nouns,
    the_inner_rings_leave_the_world_alone,
    only_hosts_catch_everything,
    only_hosts_know_the_time_of_day,
    nothing_is_unpickled,
    structs_are_decoded_in_one_place,
    no_set_is_iterated,
    no_test_is_skipped,
    the_lock_pins_packages_not_places,
    files_name_no_place_of_a_machine,
)
