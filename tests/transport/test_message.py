import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from transport.codec import DecodeError, EncodeError, decode, encode
from transport.message import URGENT, DomesticMessage, Message, find_type
from transport.messages.links import Watch

ROOT = Path(__file__).parents[2]


class Named(Message):
    number: int = 0


def test_a_message_type_is_found_by_its_name_and_an_unknown_one_is_not() -> None:
    assert find_type("test_message.Named") is Named
    assert find_type("NobodyDeclaredThis") is None


def test_a_name_declared_by_two_modules_is_refused_with_what_to_do() -> None:
    script = (
        "from transport.message import Message\n"
        "for module in ('my.elsewhere', 'elsewhere'):\n"
        "    exec('class Twice(Message): pass', {'__name__': module, 'Message': Message})\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert (
        "message type 'elsewhere.Twice' is already my.elsewhere.Twice: give elsewhere.Twice another type_name"
        in done.stderr
    )


def test_a_plugged_in_message_may_bear_another_name_than_its_class() -> None:
    class Ping(Message):
        type_name: ClassVar[str] = "hotel.Ping"

    assert find_type("hotel.Ping") is Ping
    assert find_type("test_message.Ping") is not Ping


def test_urgent_types_are_known_as_such() -> None:
    class Probe(Message):
        urgent: ClassVar[bool] = True

    assert Probe in URGENT
    assert Named not in URGENT


def test_a_message_is_immutable_and_compares_by_value() -> None:
    assert Named(1) == Named(1) != Named(2)
    with pytest.raises(AttributeError):
        Named(1).number = 2


def test_pions_own_types_go_by_their_bare_name_and_a_programs_by_the_name_of_its_file(tmp_path: Path) -> None:
    assert find_type("Watch") is Watch
    program = tmp_path / "greeting.py"
    program.write_text(
        "from transport.message import Message\nclass Greet(Message): pass\nprint(Greet.type_name)\n"
    )
    done = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.strip() == "greeting.Greet"


class Whisper(DomesticMessage):
    text: str


def test_a_domestic_message_cannot_be_sent_to_another_node_nor_named_by_one() -> None:
    assert find_type(Whisper.type_name) is None
    with pytest.raises(EncodeError, match="Whisper cannot be sent: it stays on its node"):
        encode(Whisper("hush"))
    with pytest.raises(DecodeError, match="no message type"):
        decode(Whisper.type_name, b"\x91\xa4hush")
