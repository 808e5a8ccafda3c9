"""What the README promises a new user: its program, its test and its commands work as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from actors.cli.pion import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PROSE = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PION = [sys.executable, "-m", "actors.cli.pion"]
DEADLINE_SECONDS = 60.0


@pytest.fixture
def tour(tmp_path: Path) -> Path:
    """A folder with the files of the tour."""
    files = re.findall(r"^`(\w+\.py)`:\n\n```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert [name for name, _text in files] == ["once.py", "test_once.py", "greeting.py", "test_greeting.py"]
    for name, text in files:
        (tmp_path / name).write_text(text)
    return tmp_path


def environment() -> dict[str, str]:
    """The checkout can be imported; nothing of this test run is passed on."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "160"}


@contextmanager
def node(command: str, folder: Path) -> Iterator[str]:
    """Run a `pion node …` of the tour, on a free port; gives its address."""
    words = re.sub(r"--port=\d+", "--actor_port=0", command).split()
    process = subprocess.Popen(
        PION + words[1:],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline().split()
        assert line[:2] == ["pion", "node"], command
        yield line[2]
    finally:
        process.terminate()
        status = process.wait(DEADLINE_SECONDS)
        process.stdout.close()
    assert status == 0, command


@pytest.mark.parametrize("test", ["test_once.py", "test_greeting.py"])
def test_the_tests_of_the_tour_pass(tour: Path, test: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    result = subprocess.run(
        command,
        cwd=tour,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert "20 passed" in result.stdout, result.stdout + result.stderr


def test_the_nodes_of_the_tour_talk_and_their_trace_tells_what_was_said(tour: Path) -> None:
    once, host, guest = re.findall(r"^pion node .*$", README, re.MULTILINE)
    with ExitStack() as nodes:
        nodes.enter_context(node(once, tour))
        host_address = nodes.enter_context(node(host, tour))
        guest_address = nodes.enter_context(node(guest.replace("127.0.0.1:6050", host_address), tour))
        command = [*PION, "trace", "story", "guest", "--node", guest_address, "--cluster"]
        deadline = time.monotonic() + DEADLINE_SECONDS
        story = ""
        while "hello Ann" not in story:
            assert time.monotonic() < deadline, story
            story = subprocess.run(
                command,
                cwd=tour,
                env=environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=DEADLINE_SECONDS,
            ).stdout
    assert f"{host_address}  host" in story
    assert re.search(r"Greet ─*>.* name=Ann", story)


def test_every_command_that_prose_shows_exists() -> None:
    shown = {
        word
        for path in PROSE
        for word in re.findall(r"(?:^|\$ |`|bin/)pion ([a-z]+)", path.read_text(), re.M)
    }
    assert {"local", "demo", "node", "trace"} <= shown <= set(COMMANDS)


def test_every_file_that_prose_links_to_exists() -> None:
    links = [
        (path, link)
        for path in PROSE
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text())
        if "://" not in link
    ]
    assert len(links) > 5
    assert [link for path, link in links if not (path.parent / link).exists()] == []
