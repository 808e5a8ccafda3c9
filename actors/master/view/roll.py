"""Many objects of one kind, joined in blocks: a change costs as much as a block, however many there are."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from actors.master.view.forms import FORMS, Form
from transport import protobuf
from transport.record import Record

#: So many objects are joined: some 100 KB of tasks, which are copied in an instant.
BLOCK: Final = 128
#: Where blocks have less than this part of what they could, they are filled anew.
_SPARSE: Final = 4

K = TypeVar("K", bound=Hashable)
S = TypeVar("S", bound="Row")


class Row(Protocol):
    """One of many objects."""

    def changed(self, *forms: Form) -> None:
        """It is not what it was."""
        ...

    def piece(self, form: Form) -> bytes:
        """The object in that form."""
        ...


class Place(NamedTuple):
    """The repeated field of the v1 API in which the objects stand."""

    record: type[Record]
    name: str


class _Block(Generic[K, S]):
    __slots__ = ("_joined", "room", "rows")

    def __init__(self) -> None:
        self.rows: dict[K, S] = {}
        #: How many more objects it takes; those that are removed make no room.
        self.room = BLOCK
        self._joined: list[bytes | None] = [None] * FORMS

    def changed(self, *forms: Form) -> None:
        if not forms:
            self._joined = [None] * FORMS
        for form in forms:
            self._joined[form] = None

    def joined(self, form: Form, place: Place) -> bytes:
        found = self._joined[form]
        if found is None:
            pieces = [row.piece(form) for row in self.rows.values()]
            if form is Form.PROTOBUF:
                found = b"".join(protobuf.embed(*place, piece) for piece in pieces)
            else:
                # With a comma before each object, also the first.
                found = b",".join((b"", *pieces))
            self._joined[form] = found
        return found


class Roll(Generic[K, S]):
    """Objects by their keys, in the order in which they came."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._blocks: list[_Block[K, S]] = []
        self._block_of: dict[K, _Block[K, S]] = {}

    def __len__(self) -> int:
        return len(self._block_of)

    def __contains__(self, key: object) -> bool:
        return key in self._block_of

    def __iter__(self) -> Iterator[K]:
        return (key for block in self._blocks for key in block.rows)

    def values(self) -> Iterator[S]:
        """The objects."""
        return (row for block in self._blocks for row in block.rows.values())

    def get(self, key: K) -> S | None:
        """The object of that key."""
        block = self._block_of.get(key)
        return None if block is None else block.rows[key]

    def put(self, key: K, row: S) -> None:
        """Add an object, or put it in the place of another."""
        block = self._block_of.get(key)
        if block is None:
            if not self._blocks or not self._blocks[-1].room:
                self._blocks.append(_Block())
            block = self._block_of[key] = self._blocks[-1]
            block.room -= 1
        block.rows[key] = row
        block.changed()

    def changed(self, key: K, *forms: Form) -> None:
        """The object is not what it was, in these forms or in all."""
        block = self._block_of[key]
        block.rows[key].changed(*forms)
        block.changed(*forms)

    def pop(self, key: K) -> S | None:
        """Take an object out, if it is there."""
        block = self._block_of.pop(key, None)
        if block is None:
            return None
        row = block.rows.pop(key)
        block.changed()
        if len(self._blocks) > _SPARSE and len(self._block_of) * _SPARSE < len(self._blocks) * BLOCK:
            self._fill()
        return row

    def _fill(self) -> None:
        rows = [(key, block.rows[key]) for block in self._blocks for key in block.rows]
        self._blocks, self._block_of = [], {}
        for key, row in rows:
            self.put(key, row)

    def joined(self, form: Form) -> list[bytes]:
        """All objects: in JSON with a comma before each, in protobuf as fields of the record around them."""
        return [block.joined(form, self._place) for block in self._blocks if block.rows]
