"""Looking at tasks from time to time: health checks, which kill, and checks, which only tell.

`look` says what one look is and what came of it, `health` and `check` draw the conclusions (pure);
`checker` times the looks and has them done, in the turns of an executor (mesos-protocol.md §3.9).
"""
