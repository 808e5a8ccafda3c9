"""What people install: an sdist, a wheel, an editable checkout, and nobody else's names in the way."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import actors
from tests.tidy import PACKAGES, Tree, imports

ROOT = Path(__file__).parent.parent
SETTINGS = configparser.ConfigParser()
SETTINGS.read(ROOT / "setup.cfg")


def run(*command: str | Path, folder: Path) -> str:
    """What the command prints; a failure shows what it printed too. The checkout is not on its path."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone of this checkout would hold: building in it leaves the real one alone."""
    copy = tmp_path_factory.mktemp("checkout")
    for path in Tree(ROOT).files:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, copy / path)
    return copy


@pytest.fixture(scope="module")
def dist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, checkout, folder=folder)
    return folder


def new_environment(folder: Path) -> Path:
    """An environment that lacks Pion but finds what it depends on, without a network; its interpreter."""
    venv.create(folder, with_pip=False)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    # A folder named so is searched, but the .pth files in it are not read: no editable Pion comes along.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "python"


def install(python: Path, *what: str | Path) -> None:
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir")
    command = (sys.executable, "-m", "pip", "--python", python, "install", *options, *what)
    run(*command, folder=python.parent)


def assert_pion_runs(python: Path, *, from_folder: Path) -> None:
    """Both ways to start it, from a folder that is not the checkout, with code from `from_folder`."""
    where = "import actors, sys; print(actors.__file__)"
    assert run(python, "-c", where, folder=python.parent).strip() == str(from_folder / "actors/__init__.py")
    expected = f"pion {actors.__version__}"
    assert run(python.parent / "pion", "version", folder=python.parent).startswith(expected)
    assert run(python, "-m", "actors.cli.pion", "version", folder=python.parent).startswith(expected)


def test_the_wheel_holds_the_four_packages_and_nothing_else(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    expected = {str(path) for path in Tree(ROOT).files if path.parts[0] in PACKAGES and path.suffix != ".pyc"}
    assert {f"{package}/py.typed" for package in PACKAGES} <= expected
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == expected


def test_the_sdist_builds_without_the_checkout_and_brings_the_licence(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "setup.cfg", "actors/py.typed"} <= names


def test_the_wheel_runs_in_an_environment_of_its_own(dist: Path, tmp_path: Path) -> None:
    python = new_environment(tmp_path / "environment")
    (wheel,) = dist.glob("*.whl")
    install(python, wheel)
    (site_packages,) = python.parent.parent.glob("lib/python*/site-packages")
    assert_pion_runs(python, from_folder=site_packages)


def test_an_editable_install_runs_the_checkout(checkout: Path, tmp_path: Path) -> None:
    python = new_environment(tmp_path / "environment")
    install(python, "--editable", checkout)
    assert_pion_runs(python, from_folder=checkout)


def test_the_checkout_runs_without_being_installed(checkout: Path, tmp_path: Path) -> None:
    python = new_environment(tmp_path / "environment")
    assert run(python, "-m", "actors.cli.pion", "version", folder=checkout).startswith("pion ")


def test_every_console_script_names_a_function() -> None:
    scripts = metadata.EntryPoints(
        metadata.EntryPoint(name.strip(), value.strip(), "console_scripts")
        for line in SETTINGS["options.entry_points"]["console_scripts"].strip().splitlines()
        for name, _equals, value in [line.partition("=")]
    )
    assert "pion" in scripts.names
    assert all(callable(script.load()) for script in scripts)


def test_nobody_else_owns_our_top_level_names() -> None:
    """The packages have plain names, so a dependency that brought one of them would shadow ours."""
    owners = metadata.packages_distributions()
    assert {owner for package in PACKAGES for owner in owners.get(package, ())} <= {"pion"}
    assert "pykka" in owners


def test_setup_cfg_requires_exactly_what_the_code_imports() -> None:
    owners = metadata.packages_distributions()
    modules = {
        module.partition(".")[0] for source in Tree(ROOT).code for _line, module, _names in imports(source)
    }
    imported = {owner.lower() for module in modules - set(PACKAGES) for owner in owners.get(module, ())}
    required = SETTINGS["options"]["install_requires"].strip().splitlines()
    assert {requirement.split()[0] for requirement in required} == imported


def test_the_lock_satisfies_setup_cfg() -> None:
    lines = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    pinned = {canonicalize_name(name): version for name, version in lines}
    required = SETTINGS["options"]["install_requires"] + SETTINGS["options.extras_require"]["test"]
    for line in required.strip().splitlines():
        requirement = Requirement(line)
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{line}: not in requirements.lock; make lock"
        assert requirement.specifier.contains(version), f"{line}: requirements.lock has {version}; make lock"
