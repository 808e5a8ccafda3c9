"""Ports of daemons."""

from __future__ import annotations

from typing import Final

#: From --port, which people and HTTP know, to the port for actors (DESIGN §5).
ACTOR_PORT_OFFSET: Final = 1000
