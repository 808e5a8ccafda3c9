"""Control groups: what a container may use of processors, memory, processes and devices, and what it used.

`detection` finds the hierarchies of a host and makes a `Cgroups` (`groups`) of either kind. `v1` has a tree
for each subsystem, `v2` one tree for all; the interface is the same. Groups lie below one root, by default
`mesos`: `<root>/<container>`, and `<root>/<container>/mesos/<nested>` for a container in another, as in Mesos.
 `quantities` turns limits into what the kernel wants to hear, `readings` its files into figures; both
are pure. `tree` is what touches files. `oom` tells of memory that ran out, `device_filter` is how v2 keeps
devices: a program that the kernel runs.
"""
