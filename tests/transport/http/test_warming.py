from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transport.http.warming import warm
from transport.record import Record
from transport.records.executor_call import Call as ExecutorCall
from transport.records.scheduler_call import Call as SchedulerCall

ROOT = Path(__file__).parent.parent.parent.parent

#: In a process that has read nothing yet: how many things are made to read a record, and then once more.
PROGRAM = """
from transport import descriptors, json_v1
from transport.http.warming import warm
from transport.records.scheduler_call import Call

def made():
    return json_v1._decoder.cache_info().currsize, descriptors.message_class.cache_info().currsize

print(made())
warm(Call)
after = made()
warm(Call)
print(after == made() and all(after))
"""


def test_what_the_first_of_a_kind_would_take_is_made_before_and_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["(0, 0)", "True"]


@pytest.mark.parametrize("record", [SchedulerCall, ExecutorCall])
def test_records_that_may_not_be_empty_are_prepared_for_too(record: type[Record]) -> None:
    warm(record)
