"""Fetching: what a task needs in its folder before it is started, from web servers and from this host.

What comes from outside is hostile until shown otherwise, and so is the folder, in which other processes of
its user play with links. So a process of its own does each fetch (`program`), as that user and within limits
of the kernel; it may crash or hang without harm. `pool` takes orders, `desk` knows who waits for what,
`workers` start these processes (`child`), a few at a time, and end them.

Before: `plan` makes an `order` into steps that cannot be misunderstood. In the process: `web` and `local` are
the sources, `addresses` says who may be asked, `folder` writes without following a link, `archive` unpacks
(`tar`, `zip`, `stream`), `budget` counts bytes and seconds. Beside: `cache` decides what is kept for the next
to ask, `store` is the folder it is kept in. `fake` fetches nothing at all, in virtual time.

Modules of the process import nothing but the standard library, and of that what they need: it is started for
each fetch. And they do so before it becomes the user, who may not be allowed to read Python's own files.
"""
