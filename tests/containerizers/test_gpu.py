"""With a script in place of nvidia-smi: no machine that these were written on has a GPU."""

from __future__ import annotations

from pathlib import Path

from containerizers.gpu import Gpu, GpuProcess, GpuReader, Gpus

MIB = 2**20
SCRIPT = """#!/bin/sh
echo "$@" >> {folder}/asked
case "$1" in
--query-gpu=index,uuid,name,utilization.gpu,memory.total,memory.used,temperature.gpu,power.draw)
    echo '0, GPU-a, Tesla T4, 37, 15360, 2048, 41, 27.50'
    echo '1, GPU-b, Tesla T4, [N/A], 15360, [Not Supported], 30, [N/A]'
    echo 'some warning'
    ;;
--query-compute-apps=pid,gpu_uuid,used_memory)
    echo '100, GPU-a, 1024'
    echo '101, GPU-a, 512'
    echo '102, GPU-b, [N/A]'
    ;;
esac
"""


def scripted(folder: Path, script: str) -> str:
    program = folder / "nvidia-smi"
    program.write_text(script.format(folder=folder))
    program.chmod(0o755)
    return str(program)


def test_gpus_and_their_processes_are_told_with_what_they_do_not_know_left_out(tmp_path: Path) -> None:
    reader = GpuReader(scripted(tmp_path, SCRIPT))
    assert reader.is_there
    assert reader.read() == Gpus(
        (
            Gpu(0, "GPU-a", "Tesla T4", 37.0, 15360 * MIB, 2048 * MIB, 41.0, 27.5),
            Gpu(1, "GPU-b", "Tesla T4", None, 15360 * MIB, None, 30.0, None),
        ),
        (
            GpuProcess(100, "GPU-a", 1024 * MIB),
            GpuProcess(101, "GPU-a", 512 * MIB),
            GpuProcess(102, "GPU-b", None),
        ),
    )


def test_the_memory_of_a_container_is_that_of_its_processes(tmp_path: Path) -> None:
    found = GpuReader(scripted(tmp_path, SCRIPT)).read()
    members = {"one": (100, 101, 7), "two": (102,), "three": (8,)}
    assert found.memory_of(members) == {"one": 1536 * MIB, "two": 0}


def test_the_program_is_asked_anew_only_after_a_while(tmp_path: Path) -> None:
    now = 0.0
    reader = GpuReader(scripted(tmp_path, SCRIPT), lambda: now)
    for when, asked in ((0.0, 2), (4.0, 2), (6.0, 4)):
        now = when
        reader.read()
        assert len((tmp_path / "asked").read_text().splitlines()) == asked


def test_a_program_that_fails_has_no_gpus(tmp_path: Path) -> None:
    reader = GpuReader(scripted(tmp_path, "#!/bin/sh\necho 'NVIDIA-SMI has failed'; exit 9\n"))
    assert reader.read() == Gpus()


def test_a_host_without_the_program_has_none() -> None:
    reader = GpuReader("nvidia-smi-that-nobody-has")
    assert not reader.is_there
    assert reader.read() == Gpus()
