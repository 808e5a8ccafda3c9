from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from containerizers.linux.abilities import Abilities
from containerizers.spec import Device, Isolation, RLimit

HERE = Path(__file__).parents[3]
ISOLATION = Isolation(
    namespaces=("pid", "uts"),
    hostname="here",
    private_tmp=True,
    hidden=("/etc/shadow",),
    devices=(Device(path="/dev/fuse"),),
    rlimits=(RLimit(name="nofile", soft=100, hard=100),),
    effective_capabilities=("chown",),
    seccomp="default",
)


def test_who_may_do_all_leaves_nothing_out() -> None:
    able = Abilities(makes_namespaces=True, switches_users=True)
    assert able.left_out() == ()
    assert able.reduce(ISOLATION) == ISOLATION


def test_who_may_not_make_namespaces_still_limits_what_may_be_done() -> None:
    able = Abilities(makes_namespaces=False, switches_users=True)
    (sentence,) = able.left_out()
    assert sentence.startswith("namespaces, mounts")
    assert able.reduce(ISOLATION) == Isolation(
        rlimits=ISOLATION.rlimits, effective_capabilities=("chown",), seccomp="default"
    )


def test_who_is_not_root_filters_only_what_can_get_no_more_rights() -> None:
    able = Abilities(makes_namespaces=False, switches_users=False)
    assert len(able.left_out()) == 2
    assert able.reduce(ISOLATION) == Isolation(
        rlimits=ISOLATION.rlimits, no_new_privileges=True, seccomp="default"
    )
    assert able.reduce(Isolation()) == Isolation()


#: Gives up all that makes root special, and runs a container.
POWERLESS = """
import sys, threading
from pathlib import Path
from containerizers.containerizer import Ended
from containerizers.linux import privileges
from containerizers.linux.containerizer import LinuxContainerizer, LinuxSettings
from containerizers.spec import Isolation, RLimit, Spec
privileges.apply(None, (0, 0, 0, 0, False), True, None)
folder = Path(sys.argv[1])
ended = threading.Event()
def told(event):
    if isinstance(event, Ended):
        print(event.status, event.error)
        ended.set()
settings = LinuxSettings(hierarchy="/no/such", subsystems=("cpu", "memory"))
containerizer = LinuxContainerizer(folder / "runtime", told, None, settings)
for sentence in containerizer.left_out:
    print(sentence.split(":")[0])
isolation = Isolation(
    namespaces=("pid", "mount"), private_tmp=True, seccomp="default",
    rlimits=(RLimit(name="nofile", soft=100, hard=100),))
script = "grep -cE 'NoNewPrivs:.1|Seccomp:.2' /proc/self/status; ulimit -n; (setsid sleep 1000 & ) ; exit 3"
containerizer.launch("one", Spec(
    arguments=("sh", "-c", script), directory=str(folder), environment={"PATH": "/usr/bin:/bin"},
    isolation=isolation, stdout=str(folder / "out")))
ended.wait(60)
containerizer.close()
"""


def test_without_root_containers_run_and_it_is_said_what_they_go_without(tmp_path: Path) -> None:
    command = [sys.executable, "-c", POWERLESS, str(tmp_path)]
    output = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == [
        "cgroups/cpu",
        "cgroups/memory",
        "namespaces, mounts, hidden folders and a /tmp of its own",
        "users and capabilities",
        f"{3 << 8} ",
    ]
    assert (tmp_path / "out").read_text() == "2\n100\n"
