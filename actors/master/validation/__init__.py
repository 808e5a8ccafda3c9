"""Which rule a framework's request breaks (mesos-protocol.md §2.7, §9.4).

Pure functions, one file for each kind of thing: `*_error` returns a text that names the field and the rule,
or None. The first rule that is broken, in Mesos' order, is the one that is told. Before it is checked a
request has been completed (`actors.master.requests`): its resources are valid, in the stack form, allocated.
"""
