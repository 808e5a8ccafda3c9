import pytest

from actors.process import Process, handles
from transport.message import Message
from transport.pid import Pid


class Ask(Message):
    text: str


class Tell(Message):
    text: str


def test_a_second_handler_for_a_message_type_is_refused_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match=r"Twice\.again: Ask is already handled by first"):

        class Twice(Process):
            @handles(Ask)
            def first(self, sender: Pid, message: Ask) -> None: ...

            @handles(Ask)
            def again(self, sender: Pid, message: Ask) -> None: ...


def test_a_second_handler_in_a_subclass_is_refused_too() -> None:
    class Base(Process):
        @handles(Ask)
        def first(self, sender: Pid, message: Ask) -> None: ...

    with pytest.raises(TypeError, match=r"Derived\.again: Ask is already handled by first"):

        class Derived(Base):
            @handles(Ask)
            def again(self, sender: Pid, message: Ask) -> None: ...


def test_a_handler_whose_annotation_names_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Wrong\.ask: handles Ask, but its message is annotated .*Tell"):

        class Wrong(Process):
            @handles(Ask)  # type: ignore[arg-type]  # what mypy refuses, the class refuses at run time
            def ask(self, sender: Pid, message: Tell) -> None: ...


def test_a_handler_without_sender_and_message_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Short\.ask: a handler takes \(self, sender, message\)"):

        class Short(Process):
            @handles(Ask)  # type: ignore[arg-type]
            def ask(self, message: Ask) -> None: ...


def test_handlers_of_plain_dicts_may_be_annotated_with_their_contents() -> None:
    class Plain(Process):
        @handles(dict)
        def ask(self, sender: Pid, message: dict[str, int]) -> None: ...

    assert dict in Plain._handlers


def test_a_subclass_may_override_a_handler_like_any_method() -> None:
    heard = []

    class Base(Process):
        @handles(Ask)
        def ask(self, sender: Pid, message: Ask) -> None:
            heard.append("base")

    class Derived(Base):
        def ask(self, sender: Pid, message: Ask) -> None:
            heard.append("derived")

    Derived._handlers[Ask](Derived(), Pid("a", "h", 1), Ask("x"))
    assert heard == ["derived"]
