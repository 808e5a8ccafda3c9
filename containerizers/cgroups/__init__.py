"""Control groups: what a container may use of processors, memory, processes and devices, and what it used.

`detection` finds out what a host has and gives `Cgroups` (`groups`) of either version, whose `Group`s are
the same to who uses them: `v1` has a tree for each subsystem, `v2` one tree for all. `quantities` turns
limits into what the kernel wants to hear, `readings` its files into figures; both are pure. `tree` is what
touches files. `oom` tells of memory that ran out, `device_list` says which devices are harmless, and
`device_filter` is how v2 keeps the others: a program that the kernel runs.
"""
