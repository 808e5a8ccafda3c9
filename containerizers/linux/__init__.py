"""Containers of processes that Linux keeps from the host: control groups, namespaces, mounts, capabilities.

A process with threads cannot fork and then run Python, so a small one beside it does (`launcher`, on this
side `launcher_process`): it is sent an `order` (made of a spec by `orders`) with descriptors, and clones.
What it clones is not its own child but a child of the process that asked, which waits for it as for any
other. In the child, the steps of `child` lead to the program: namespaces (`clone`), mounts (`mounting`),
limits (`limits`), and at last what it may do (`privileges`); each of these modules imports next to nothing,
and is told plain tuples, which the other side plans from the spec (`mounts`, `rlimits`, `capabilities`,
`seccomp`).

    node                        launcher             container
    folder, control groups
    order, descriptors    --->  clone          --->  `idler`, if it has a namespace of processes
                                clone          --->  the first process: all that needs no control group
    numbers written down  <---  their numbers
    GO    -------------------------------------->    joins control groups, becomes the program
    end of the socket     <--------------------------

Until `GO` comes, what was cloned ends when the socket is closed: a crash of either process before that
leaves no program that nobody knows of, and one after it leaves files that tell of it (`starting`).

A program is never process 1 of its namespace, since that one ignores signals it has no handler for, and has
to reap what others leave; the `idler` is, a program of a few bytes that does nothing. It is not the
program's parent either: that is the node, which learns exactly how it ended. What belongs to a container is
what is in its control groups (`allotments`); with the last of it they go, and so do its mounts
(`isolating`). `abilities` says what is left out where this process may not do all this.
"""
