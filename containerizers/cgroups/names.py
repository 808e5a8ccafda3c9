"""Where the groups of containers lie below a root."""

from __future__ import annotations

from containerizers.paths import check_id

#: Folder of a container's groups in which those of the containers nested in it lie.
NESTED = "mesos"


def group_of(root: str, container_id: str) -> str:
    """The group of a container; raises ValueError for an id that cannot be."""
    check_id(container_id)
    return f"{root}/{container_id.replace('.', f'/{NESTED}/')}"


def is_id(name: str) -> bool:
    """Whether a folder may be that of a container."""
    try:
        check_id(name)
    except ValueError:
        return False
    return True
