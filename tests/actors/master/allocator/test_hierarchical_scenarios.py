"""Published examples of fairness, and the stories that users were told, as transcripts."""

from __future__ import annotations

import pytest

from tests.actors.master.allocator.transcript import play

SCENARIOS = {
    "what the first framework leaves is offered to the second": """\
agent one cpus:4;mem:4096
framework f1 role1
run
  f1 role1 one cpus:4;mem:4096
# Two tasks: one with 2 CPUs and 1 GB, one with 1 CPU and 2 GB.
launch f1 one cpus:3;mem:3072
framework f2 role2
run
  f2 role2 one cpus:1;mem:1024
""",
    "the example of the paper on dominant-resource fairness ends with equal dominant shares": """\
# Ghodsi et al.: 9 CPUs and 18 GB; tasks of B take 3 CPUs and 1 GB, those of A 1 CPU and 4 GB.
agent one cpus:9;mem:18
framework B cpu-hungry
framework A mem-hungry
run
  B cpu-hungry one cpus:9;mem:18
launch B one cpus:3;mem:1
run
  A mem-hungry one cpus:6;mem:17
launch A one cpus:1;mem:4
run
  A mem-hungry one cpus:5;mem:13
launch A one cpus:2;mem:8
run
  B cpu-hungry one cpus:4;mem:9
launch B one cpus:6;mem:2
run
  A mem-hungry one cpus:1;mem:8
launch A one cpus:3;mem:12
run
  nothing
""",
    "roles come first by their shares, then frameworks within them": """\
agent one cpus:2;mem:1024
framework f1 role1
run one
  f1 role1 one cpus:2;mem:1024
framework f2 role2
# role1 has 2 of 3 CPUs, role2 has none.
agent two cpus:1;mem:512
run two
  f2 role2 two cpus:1;mem:512
# role1 has 2 of 6 CPUs, role2 has 1.
agent three cpus:3;mem:2048
run three
  f2 role2 three cpus:3;mem:2048
# role1 has a fifth of everything, role2 two fifths; f3 has nothing in role1.
framework f3 role1
agent four cpus:4;mem:4096
run four
  f3 role1 four cpus:4;mem:4096
# f4 has nothing, but role2 has less than role1.
framework f4 role1
agent five cpus:1;mem:512
run five
  f2 role2 five cpus:1;mem:512
""",
    "a role's share is that of all roles below it": """\
agent one cpus:2;mem:1024
framework f1 a/b
run one
  f1 a/b one cpus:2;mem:1024
framework f2 a/c
framework f3 d/e
# All of a together has more than all of d, though a/c has nothing.
agent two cpus:1;mem:512
run two
  f3 d/e two cpus:1;mem:512
framework f4 d/f
agent three cpus:2;mem:1024
run three
  f4 d/f three cpus:2;mem:1024
""",
    "twice the weight gets twice the share": """\
weight heavy 2
framework f1 heavy
framework f2 light
agent a1 cpus:1;mem:100
run a1
  f1 heavy a1 cpus:1;mem:100
agent a2 cpus:1;mem:100
run a2
  f2 light a2 cpus:1;mem:100
agent a3 cpus:1;mem:100
run a3
  f1 heavy a3 cpus:1;mem:100
agent a4 cpus:1;mem:100
run a4
  f2 light a4 cpus:1;mem:100
agent a5 cpus:1;mem:100
run a5
  f1 heavy a5 cpus:1;mem:100
agent a6 cpus:1;mem:100
run a6
  f1 heavy a6 cpus:1;mem:100
""",
    "of two with the same share the one that was served less comes first": """\
framework f1 *
framework f2 *
agent one cpus:2;mem:1024
run
  f1 * one cpus:2;mem:1024
decline f1 one
run
  f2 * one cpus:2;mem:1024
decline f2 one
run
  f1 * one cpus:2;mem:1024
""",
    "what is reserved counts for the shares too": """\
agent one cpus:1;mem:512;cpus(role1):100;mem(role1):1024
framework f1 role1
run one
  f1 role1 one cpus:1;cpus(role1):100;mem:512;mem(role1):1024
framework f2 role2
agent two cpus:2;mem:512
run two
  f2 role2 two cpus:2;mem:512
agent three cpus:2;mem:512
run three
  f2 role2 three cpus:2;mem:512
# Reserved resources are shared fairly among the frameworks of their role.
framework f3 role1
agent four cpus(role1):2;mem(role1):1024
run four
  f3 role1 four cpus(role1):2;mem(role1):1024
""",
    "a guarantee is served first and kept while it is refused": """\
quota quota-role guarantee=cpus:2;mem:1024
framework f1 quota-role
framework f2 other
agent one cpus:1;mem:512
run one
  f1 quota-role one cpus:1;mem:512
agent two cpus:1;mem:512
run two
  f1 quota-role two cpus:1;mem:512
agent three cpus:1;mem:512
run three
  f2 other three cpus:1;mem:512
# Declined for long: it is kept for the guarantee all the same, and offered to nobody else.
decline f1 one 1000
run
  nothing
wait 1001
run
  f1 quota-role one cpus:1;mem:512
""",
    "a limit ends offers": """\
quota quota-role limit=cpus:2;mem:1024
framework f1 quota-role
agent one cpus:1;mem:512
run
  f1 quota-role one cpus:1;mem:512
agent two cpus:1;mem:512
run
  f1 quota-role two cpus:1;mem:512
agent three cpus:1;mem:512
run
  nothing
why three f1 quota-role
  limit: the limits of the role leave 0 of cpus
  limit: the limits of the role leave 0 of mem
""",
    "a guarantee keeps a role from starving": """\
framework f1 quota-role
framework f2 other
agent one cpus:2;mem:1024
run one
  f2 other one cpus:2;mem:1024
agent two cpus:2;mem:1024
run two
  f1 quota-role two cpus:2;mem:1024
# f2 holds nothing for long; without a guarantee it would be its turn each time.
decline f2 one
run
  f2 other one cpus:2;mem:1024
decline f2 one
quota quota-role guarantee=cpus:4;mem:2048
run
  f1 quota-role one cpus:2;mem:1024
""",
    "what is guaranteed to a role without frameworks is kept for it": """\
quota quota-role guarantee=cpus:2;mem:1024
framework f1 other
agent one cpus:1;mem:512
agent two cpus:1;mem:512
# Nobody is there to use it, but it is kept.
run
  nothing
agent three cpus:4;mem:2048
run
  f1 other one cpus:1;mem:512
  f1 other three cpus:3;mem:1536
why one f1 other
  available: everything is offered or allocated
framework f2 quota-role
run
  f2 quota-role three cpus:1;mem:512
  f2 quota-role two cpus:1;mem:512
""",
    "an agent is divided where a limit demands it": """\
quota role1 guarantee=cpus:1;mem:512 limit=cpus:1;mem:512
framework f1 role1
agent one cpus:4;mem:2048;ports:[31000-31009]
run
  f1 role1 one cpus:1;mem:512;ports:[31000-31009]
framework f2 role2
run
  f2 role2 one cpus:3;mem:1536
""",
    "reservations below a role count for its quota": """\
quota a guarantee=cpus:2;mem:200 limit=cpus:2;mem:200
framework f1 a
framework f2 other
agent one cpus(a/b):1;mem(a/b):100
agent two cpus:10;mem:1000
# What is reserved for a/b counts for a: one more CPU is lacking, and one more is the limit.
run
  f1 a two cpus:1;mem:100
  f2 other two cpus:9;mem:900
""",
    "a quota holds for all roles below its own together": """\
quota eng guarantee=cpus:2;mem:200 limit=cpus:3;mem:300
framework dev eng/dev
framework ops eng/ops
framework guest guest
agent one cpus:2;mem:200
agent two cpus:2;mem:200
agent three cpus:2;mem:200
run one
  dev eng/dev one cpus:2;mem:200
run two
  guest guest two cpus:2;mem:200
run three
  guest guest three cpus:1;mem:100
  ops eng/ops three cpus:1;mem:100
""",
    "reservations are for the roles below as well, not for those above": """\
framework f1 a/b/c
framework f2 d
agent one cpus(a):1;mem(a):512
run one
  f1 a/b/c one cpus(a):1;mem(a):512
agent two cpus:2;mem:1024;cpus(a/b):4;mem(a/b):2048
run two
  f1 a/b/c two cpus(a/b):4;mem(a/b):2048
  f2 d two cpus:2;mem:1024
agent three cpus(a/b/c/d):1;mem(a/b/c/d):512
run three
  nothing
why three f1 a/b/c
  available: what is available is reserved for a/b/c/d
""",
    "a reservation counts as if it were allocated": """\
quota role1 guarantee=cpus:2;mem:256
framework f1 role1
framework f2 role2
agent one cpus:8;mem(role1):256
run
  f1 role1 one cpus:8;mem(role1):256
""",
    "what was refused is not offered until the refusal ends": """\
framework f1 role1
agent one cpus:2;mem:1024
run
  f1 role1 one cpus:2;mem:1024
decline f1 one 10
run
  nothing
why one f1 role1
  refused for 10 s: the framework refused cpus:2; mem:1024
# Other agents are offered.
agent two cpus:1;mem:512
run
  f1 role1 two cpus:1;mem:512
wait 9
run
  nothing
wait 1
run
  f1 role1 one cpus:2;mem:1024
""",
    "suppression ends offers until they are revived": """\
framework f1 role1,role2
agent one cpus:2;mem:1024
suppress f1
run
  nothing
why one f1 role1
  suppressed: the framework suppressed offers for role role1
revive f1 role2
run
  f1 role2 one cpus:2;mem:1024
decline f1 one 100
run
  nothing
revive f1
run
  f1 role1 one cpus:2;mem:1024
""",
    "revocable resources are for those who can deal with them": """\
framework careful role1 REVOCABLE_RESOURCES
framework bold role2
agent one cpus:2;mem:1024;cpus*:4
run
  bold role2 one cpus*:4
  careful role1 one cpus:2;mem:1024
""",
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_goes_as_written(name: str) -> None:
    assert play(SCENARIOS[name]) == SCENARIOS[name]
