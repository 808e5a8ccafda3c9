from __future__ import annotations

from pathlib import Path

from actors.agent.flags import AgentFlags
from actors.agent.gateway import listen
from actors.metrics import Registry
from actors.pykka_system import PykkaSystem
from tests.actors.gateway.browser import fetch


def test_an_agent_answers_at_its_port_with_and_without_its_name(tmp_path: Path) -> None:
    system = PykkaSystem()
    system.start()
    try:
        address = listen(system, AgentFlags(port=0, master="10.0.0.1:5050", work_dir=tmp_path), Registry())
        for path in ("/health", "/version", "/flags", "/metrics/snapshot"):
            assert fetch(address, path).status == 200
            assert fetch(address, f"/slave(1){path}").status == 200
            assert fetch(address, f"/slave%281%29{path}").status == 200
        for path in ("/state", "/containers", "/monitor/statistics"):  # there is no agent to ask yet
            assert fetch(address, path).status == 503
    finally:
        assert system.stop() == ()
