from __future__ import annotations

import pytest

from actors.executor.containment.image import check_image


@pytest.mark.parametrize(
    "name",
    [
        "busybox",
        "busybox:1.36",
        "library/busybox:latest",
        "registry.example.com:5000/team/app_x-y:v1.0",
        "localhost/app",
        "[::1]:5000/app",
        "app@sha256:" + "a" * 64,
        "app:1@sha256:" + "0" * 64,
        "sha256:" + "0" * 64,
    ],
)
def test_names_of_images_are_taken(name: str) -> None:
    check_image(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "--privileged",
        "-v",
        "busybox; rm -rf /",
        "busybox$(id)",
        "busybox|sh",
        "busybox`id`",
        "a b",
        "a\nb",
        "a\0",
        "../../etc",
        "/busybox",
        "Busybox",
        "busybox:",
        "busybox:-tag",
        "busybox@sha256:zz",
        "x" * 10_240,
        "a" * 200 + "-" * 300 + "!",
    ],
)
def test_what_names_no_image_is_refused_without_repeating_all_of_it(name: str) -> None:
    with pytest.raises(ValueError, match=r"container.docker.image: .* must be ") as refused:
        check_image(name)
    assert len(str(refused.value)) < 400
