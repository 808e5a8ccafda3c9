"""The tree is tidy: linters, types, import contracts and the house rules; and each check can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import tidy

ROOT = Path(__file__).parent.parent

#: Tools, and a file that each must object to.
TOOLS = {
    "ruff check": (["-m", "ruff", "check", "."], "import os\n"),
    "ruff format": (["-m", "ruff", "format", "--check", "."], "x=1\n"),
    "mypy": (["-m", "mypy"], "def f(x):\n    return x\n"),
    "import-linter": (
        ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
        "import frameworks\n",
    ),
}

LONG_FUNCTION = "def f() -> None:\n" + "    print()\n" * tidy.LONGEST_FUNCTION_LINES

#: For each house rule, files that it must object to; each set holds one offence.
PLANTED: dict[tidy.Rule, list[dict[str, str]]] = {
    tidy.files_are_short: [
        {"actors/long.py": "x = 1\n" * (tidy.LONGEST_FILE_LINES + 1)},
        {"tests/actors/test_long.py": "x = 1\n" * (tidy.LONGEST_TEST_FILE_LINES + 1)},
    ],
    tidy.the_median_file_is_short: [
        {f"actors/{name}.py": "x = 1\n" * (tidy.MEDIAN_FILE_LINES + 1) for name in "abcdefgh"}
    ],
    tidy.functions_are_short: [
        {"actors/a.py": LONG_FUNCTION},
        {"tests/actors/test_a.py": "async " + LONG_FUNCTION},
    ],
    tidy.folders_are_packages: [{"tests/actors/log/test_a.py": ""}, {"transport/http/server.py": ""}],
    tidy.tests_mirror_the_code: [
        {"tests/actors/test_nothing.py": ""},
        {"tests/actors/log/test_timer.py": ""},
        {"tests/test_timer.py": ""},
    ],
    tidy.files_are_nouns: [{"actors/utils.py": ""}, {"tests/helpers/test_a.py": ""}],
    tidy.the_inner_rings_leave_the_world_alone: [
        {"actors/a.py": "import time\nclass A(Process): ..."},
        {"actors/a.py": "from zmq.sugar import Socket\nclass A(process.Process): ..."},
        {"actors/a.py": "class A(Process): ...", "actors/b.py": "import socket\nclass B(A): ..."},
        {"transport/records/a.py": "import random\nrandom.random()"},
        {"transport/records/a.py": "from random import Random\nRandom()"},
        {"transport/records/a.py": "def f():\n    import subprocess"},
    ],
    tidy.only_hosts_catch_everything: [
        {"actors/a.py": "try: ...\nexcept Exception: ..."},
        {"actors/a.py": "try: ...\nexcept (ValueError, BaseException): ..."},
        {"actors/a.py": "try: ...\nexcept: ..."},
    ],
    tidy.only_hosts_know_the_time_of_day: [
        {"actors/a.py": "time.time()"},
        {"actors/a.py": "datetime.datetime.now(datetime.UTC)"},
        {"actors/a.py": "date.today()"},
    ],
    tidy.nothing_is_unpickled: [
        {"actors/a.py": "import pickle"},
        {"tests/a.py": "from marshal import loads"},
    ],
    tidy.structs_are_decoded_in_one_place: [
        {"actors/a.py": "d = msgspec.json.Decoder(Kind)"},
        {"actors/a.py": "x = msgspec.convert(y, Kind)"},
        {"actors/a.py": "x = msgspec.msgpack.decode(y, type=list[Kind])"},
    ],
    tidy.no_set_is_iterated: [
        {"actors/a.py": "for x in {1, 2}: ..."},
        {"actors/a.py": "y = [x for x in set(z)]"},
    ],
    tidy.no_test_is_skipped: [
        {"tests/a.py": "pytest.skip()"},
        {"tests/a.py": "@pytest.mark.xfail\ndef test(): ..."},
    ],
    tidy.the_lock_pins_packages_not_places: [
        {"requirements.lock": "pykka==4.5.0\nzmq==1 --hash=sha256:00\n"},
        {"requirements.lock": "pykka==4.5.0 --hash=sha256:00\n--index-url=x\n"},
        {"requirements.lock": "pykka==4.5.0 --hash=sha256:00\n    # https://example.org\n"},
    ],
    tidy.files_name_no_place_of_a_machine: [{"setup.cfg": "--index-url https://pypi" + ".org/simple"}],
}

#: What looks like an offence and is none.
INNOCENT = {
    "actors/host.py": "import time\ntime.monotonic()\n",
    "actors/a.py": "import random\nclass A(Process):\n    rng: random.Random\n",
    "actors/b.py": "if TYPE_CHECKING:\n    import socket\nclass B(Process): ...\n",
    "actors/pykka_system.py": "try: ...\nexcept Exception: time.time()\n",
    "actors/timer.py": "for x in sorted({1, 2}): ...\n",
    "tests/actors/test_timer.py": "",
    "tests/actors/test_timer_of_a_dead_actor.py": "",
    "tests/integration/test_everything.py": "",
    ".venv/lib/utils.py": "import pickle",
}


def plant(root: Path, files: dict[str, str]) -> tidy.Tree:
    """A small tree that breaks no rule, but for what `files` say."""
    empty = '"""Nothing yet."""\n'
    folders = (
        *tidy.PACKAGES,
        *(f"actors/{package}" for package in ("agent", "election", "executor", "log", "master")),
        "transport/records",
        "tests",
        "tests/actors",
        "tests/integration",
    )
    tidy_files = {f"{folder}/__init__.py": empty for folder in folders}
    tidy_files["actors/long.py"] = tidy_files["actors/a.py"] = empty
    tidy_files["requirements.lock"] = "pykka==4.5.0 \\\n    --hash=sha256:00\n    # via pion\n"
    for name in (".gitignore", "pyproject.toml", "setup.cfg"):
        tidy_files[name] = (ROOT / name).read_text()
    for name, text in (tidy_files | files).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return tidy.Tree(root)


def run(arguments: list[str], root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.fixture(scope="module")
def checkout() -> tidy.Tree:
    """Each of its files is read and parsed once."""
    return tidy.Tree(ROOT)


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tree_passes(tool: str) -> None:
    result = run(TOOLS[tool][0], ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tool_finds_a_planted_offence_and_nothing_else(tool: str, tmp_path: Path) -> None:
    arguments, offence = TOOLS[tool]
    plant(tmp_path, {})
    before = run(arguments, tmp_path)
    assert before.returncode == 0, before.stdout + before.stderr
    (tmp_path / "transport/planted.py").write_text(offence)
    after = run(arguments, tmp_path)
    assert after.returncode == 1, after.stdout + after.stderr
    assert "planted" in after.stdout + after.stderr


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: tidy.Rule, checkout: tidy.Tree) -> None:
    assert rule(checkout) == []


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda rule: rule.__name__)
def test_the_rule_finds_each_planted_offence_and_nothing_else(rule: tidy.Rule, tmp_path: Path) -> None:
    assert rule(plant(tmp_path / "innocent", INNOCENT)) == []
    for number, files in enumerate(PLANTED[rule]):
        offences = rule(plant(tmp_path / str(number), files))
        assert len(offences) == 1, (files, offences)


def test_the_checkout_and_the_home_are_places_of_a_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    tree = plant(tmp_path, {"docs/a.md": f"cd {tmp_path}/actors\ncd /home/someone\ncd /home/someone_else\n"})
    assert tidy.files_name_no_place_of_a_machine(tree) == [
        f"docs/a.md:1: names {tmp_path}",
        "docs/a.md:2: names /home/someone",
    ]


def test_every_contract_on_a_single_importer_names_a_file_that_exists() -> None:
    """An exception for a file that was renamed would let the import into its successor unseen."""
    for line in (ROOT / "setup.cfg").read_text().splitlines():
        importer, arrow, _imported = line.strip().partition(" -> ")
        if arrow:
            assert (ROOT / importer.replace(".", "/")).with_suffix(".py").exists(), line


def test_the_tree_has_the_shape_that_the_rules_assume(checkout: tidy.Tree) -> None:
    assert {source.path.parts[0] for source in checkout.sources} == {*tidy.PACKAGES, "tests"}
    assert {"README.md", "requirements.lock"} <= {str(path) for path in checkout.files}
