from __future__ import annotations

from containerizers.linux.rlimits import plan
from containerizers.spec import Isolation, RLimit
from tests.containerizers.linux.children import child

APPLY = """
from containerizers.linux import limits, syscalls
try:
    limits.apply(given)
except syscalls.StepError as error:
    sys.exit(f"step: {error}")
sys.stdout.write(open("/proc/self/limits").read())
"""


def test_limits_of_all_kinds_are_set() -> None:
    wanted = (RLimit(name="nofile", soft=100, hard=200), RLimit(name="locks", soft=3, hard=4))
    done = child(APPLY, plan(Isolation(rlimits=(*wanted, RLimit(name="core", soft=0, hard=0)))))
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["Max", "open", "files", "100", "200", "files"] in lines
    assert ["Max", "file", "locks", "3", "4", "locks"] in lines
    assert ["Max", "core", "file", "size", "0", "0", "bytes"] in lines


def test_a_hard_limit_that_cannot_be_raised_is_told_with_what_it_is() -> None:
    lowered = "import resource; resource.setrlimit(7, (50, 60)); os.setresuid(65534, 65534, 65534)"
    done = child(APPLY.replace("try:", f"{lowered}\ntry:", 1), (("nofile", 7, 100, 200),))
    assert done.returncode == 1
    assert "step: rlimits: 'nofile' cannot be set to 100 and 200; the hard one is 60" in done.stderr
