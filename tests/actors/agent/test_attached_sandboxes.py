from __future__ import annotations

from pathlib import Path

import pytest

from actors.agent.attached_sandboxes import AttachedSandboxes
from actors.agent.checkpoints import seal
from actors.gateway.attached import NoSuchPathError, Place, held

RUNS = "slaves/S0/frameworks/F0/executors/E 1/runs"


def agent(work_dir: Path) -> AttachedSandboxes:
    """An agent whose executor has run twice."""
    runs = work_dir / RUNS
    for container in ("c1", "c2"):
        (runs / container).mkdir(parents=True)
        (runs / container / "stdout").write_text(container)
    (runs / "latest").symlink_to("c2")
    latest = work_dir / "meta/slaves/latest"
    latest.parent.mkdir(parents=True)
    latest.write_bytes(seal("S0"))
    return AttachedSandboxes(work_dir)


def read(sandboxes: AttachedSandboxes, path: str) -> str:
    with held([sandboxes], path) as file, file.opened() as descriptor:
        return Path(f"/proc/self/fd/{descriptor}").read_text()


def test_a_sandbox_is_shown_under_its_path_and_as_the_latest_of_its_executor(tmp_path: Path) -> None:
    sandboxes = agent(tmp_path)
    assert read(sandboxes, f"{tmp_path}/{RUNS}/c1/stdout") == "c1"
    assert read(sandboxes, f"{tmp_path}/{RUNS}/latest/stdout") == "c2"
    assert read(sandboxes, "/frameworks/F0/executors/E 1/runs/latest/stdout") == "c2"
    assert read(sandboxes, "/frameworks/F0/executors/E 1/runs/c1/stdout") == "c1"


def test_the_work_directory_may_be_named_as_the_flag_names_it(tmp_path: Path) -> None:
    agent(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    sandboxes = AttachedSandboxes(tmp_path / "link")
    for work_dir in ("real", "link"):
        assert read(sandboxes, f"{tmp_path}/{work_dir}/{RUNS}/c1/stdout") == "c1"


def test_each_run_is_a_root(tmp_path: Path) -> None:
    runs = [tmp_path / RUNS / name for name in ("c1", "c2")]
    assert list(agent(tmp_path).roots()) == [(str(run), run) for run in runs]


@pytest.mark.parametrize(
    "path",
    [
        "/{}/meta/slaves/latest",
        "/{}/slaves/S0",
        "/{}/slaves/S0/frameworks/F0/executors/E 1/runs",
        "/{}/slaves/latest/frameworks/F0/executors/E 1/runs/c1",
        "/{}/slaves/S0/frameworks/F0/executors/E 1/tasks/c1",
        "/{}/slaves/S0/frameworks/F0/executors/E 1/runs/c9",
        "/{}/slaves/S0/frameworks/F0/executors/none/runs/latest",
        "/frameworks/F0/executors/none/runs/latest",
        "/frameworks",
    ],
)
def test_nothing_else_of_the_work_directory_is_shown(tmp_path: Path, path: str) -> None:
    sandboxes = agent(tmp_path)
    with pytest.raises(NoSuchPathError), held([sandboxes], path.format(str(tmp_path).strip("/"))):
        pass


def test_containers_of_operators_have_sandboxes_too(tmp_path: Path) -> None:
    sandboxes = agent(tmp_path)
    sandbox = tmp_path / "containers/c9"
    sandbox.mkdir(parents=True)
    (sandbox / "stdout").write_text("hello")
    assert read(sandboxes, f"{sandbox}/stdout") == "hello"
    assert (str(sandbox), sandbox) in list(sandboxes.roots())
    for name in ("", "/latest", "/c.9"):
        with pytest.raises(NoSuchPathError), held([sandboxes], f"{tmp_path}/containers{name}"):
            pass


def test_the_latest_run_cannot_be_led_elsewhere(tmp_path: Path) -> None:
    sandboxes = agent(tmp_path)
    latest = tmp_path / RUNS / "latest"
    latest.unlink()
    latest.symlink_to("../../../../../../meta")
    assert sandboxes.place(("frameworks", "F0", "executors", "E 1", "runs", "latest")) is None


def test_an_agent_that_has_no_id_yet_has_no_short_paths(tmp_path: Path) -> None:
    sandboxes = AttachedSandboxes(tmp_path)
    assert sandboxes.place(("frameworks", "F0", "executors", "E", "runs", "c")) is None
    place = sandboxes.place((*tmp_path.parts[1:], *RUNS.split("/"), "c", "x"))
    assert place == Place(tmp_path / RUNS / "c", ("x",))
