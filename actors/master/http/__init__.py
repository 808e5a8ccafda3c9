"""What the leading master answers over HTTP: requests become messages to the reign's actors.

Each module is a part of the API and gives its routes or handlers; `actors.master.gateway` joins them. A
subscribed scheduler is an actor of its own (`scheduler_stream`), which to the master is a scheduler like any
other; the pure files beside it (`scheduler_calls`, `scheduler_events`) say which message a call is, and
which event a message. What an operator may want changed is one message each (`operator`), whether it came
as a call of the v1 API (`operator_calls`) or by one of Mesos' older endpoints (`operator_endpoints`).
"""
