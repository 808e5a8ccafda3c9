"""One agent full of containers of every kind, which is killed wherever its work can be cut in two.

A framework keeps 50 tasks on it (`crowd`, `work`): plain ones, isolated ones and Docker's; some for ever,
some that come and go; with health checks, with files to fetch, with output to be kept. The driver
(`course`) has the agent, its executor node or both die at a fault point (`points`), starts the agent again
and waits until all is as before; then the next. In the end all that was said is held against what really
happened (`judge`): each task writes down by itself that it starts and ends, and can be told from all other
processes of the machine by a variable of its environment (`traces`).

    python -m tests.chaos.containers --kills 50 --tasks 50 --seed 1
"""
