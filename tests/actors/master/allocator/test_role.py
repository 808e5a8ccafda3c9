from __future__ import annotations

from fractions import Fraction

from actors.master.allocator.quota import Quota
from actors.master.allocator.role import RoleTree


def test_roles_above_are_made_with_a_role_and_forgotten_with_it() -> None:
    tree = RoleTree()
    role = tree.get("a/b/c")
    assert [each.path for each in tree] == ["a", "a/b", "a/b/c"]
    assert [each.path for each in role.lineage] == ["a/b/c", "a/b", "a"]

    tree.prune(role)

    assert list(tree) == []


def test_a_role_stays_as_long_as_it_has_anything_to_tell() -> None:
    tree = RoleTree()
    above, role = tree.get("a"), tree.get("a/b")
    above.quota = Quota({"cpus": 1})
    role.weight = Fraction(2)
    tree.prune(role)
    assert tree.find("a/b") is role

    role.weight = Fraction(1)
    tree.prune(role)

    assert [each.path for each in tree] == ["a"]


def test_a_subtree_has_a_role_before_those_below_it() -> None:
    tree = RoleTree()
    for path in ("a/b/c", "a/d"):
        tree.get(path)

    assert [each.path for each in tree.get("a").subtree()] == ["a", "a/b", "a/b/c", "a/d"]
