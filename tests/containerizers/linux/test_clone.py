from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[3]
#: Clones as on a kernel, or a host, that does not have the newest call if `number` says so.
CLONER = """
import os, sys
from containerizers.linux import clone
clone._CLONE3 = int(sys.argv[1]) or clone._CLONE3
child = clone.clone(clone.PID | clone.NAMESPACES["uts"], os.uname().machine)
if child == 0:
    os._exit(10 + os.getpid())
print(os.waitpid(child, 0)[1] >> 8)
"""


@pytest.mark.parametrize("number", [0, 9999], ids=["clone3", "clone"])
def test_a_child_is_the_first_of_a_new_namespace(number: int) -> None:
    command = [sys.executable, "-c", CLONER, str(number)]
    assert subprocess.run(command, cwd=HERE, capture_output=True, check=True).stdout == b"11\n"


SIBLING = """
import os
from containerizers.linux import clone
parent = os.fork()
if parent == 0:
    sibling = clone.clone(0, os.uname().machine, sibling=True)
    os._exit(0 if sibling else 7)
print(sorted(os.wait()[1] >> 8 for _ in range(2)))
"""


def test_a_sibling_is_the_child_of_the_one_above() -> None:
    command = [sys.executable, "-c", SIBLING]
    assert subprocess.run(command, cwd=HERE, capture_output=True, check=True).stdout == b"[0, 7]\n"
