"""Containers that dockerd makes, runs and keeps; it may be slow, hang, lie about what it did, or be gone.

What an agent asks for is done by worker threads, each with a client of its own (`client`, `calls`): nobody
else ever waits for dockerd. A container's name follows from its id, and its labels tell whose it is
(`names`), so a call whose answer was lost is settled by looking (`bringing_up`). That a container ended is
learned from the kernel at once, on one thread for all (`watch`), and how it ended from the kernel where that
tells (`exits`), and else from dockerd once it knows (`container`). Signals go to the first process without
dockerd. A call that takes too long costs its thread, and nothing else: after `launch_timeout_seconds` a
launch has failed, and what comes of it later is removed. Whatever else runs though nobody knows of it is
found by its labels now and then, and ended (`strays`).

A nested container is a program that is run in the one around it (`exec`). What it writes, and what goes to
and from consoles, comes over connections that have become streams, on one thread for all (`streams`).

What a container writes dockerd keeps in a journal, a file of JSON lines. It is read as it grows, by one
thread for all (`logs`), and goes to the sandbox; how far is kept in a file in memory that survives this
process (`position`), so that its successor goes on at the same byte. Nothing of this needs dockerd.

Below the runtime directory each container has a folder (`ledger`) from before it is made until its end was
told, so that what a process before this one left is known without asking anybody.
"""
