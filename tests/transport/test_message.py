import subprocess
import sys
from typing import ClassVar

import pytest

from transport.message import URGENT, Message, find_type


class Named(Message):
    number: int = 0


def test_a_message_type_is_found_by_its_name_and_an_unknown_one_is_not() -> None:
    assert find_type("Named") is Named
    assert find_type("NobodyDeclaredThis") is None


def test_a_name_declared_by_two_modules_is_refused_with_what_to_do() -> None:
    script = (
        "from transport.message import Message\n"
        "class Twice(Message): pass\n"
        "namespace = {'__name__': 'elsewhere', 'Message': Message}\n"
        "exec('class Twice(Message): pass', namespace)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert (
        "message type 'Twice' is already __main__.Twice: give elsewhere.Twice another type_name"
        in done.stderr
    )


def test_a_plugged_in_message_may_bear_another_name_than_its_class() -> None:
    class Ping(Message):
        type_name: ClassVar[str] = "test_message.Ping"

    assert find_type("test_message.Ping") is Ping
    assert find_type("Ping") is not Ping


def test_urgent_types_are_known_as_such() -> None:
    class Probe(Message):
        type_name: ClassVar[str] = "test_message.Probe"
        urgent: ClassVar[bool] = True

    assert Probe in URGENT
    assert Named not in URGENT


def test_a_message_is_immutable_and_compares_by_value() -> None:
    assert Named(1) == Named(1) != Named(2)
    with pytest.raises(AttributeError):
        Named(1).number = 2
