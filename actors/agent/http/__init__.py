"""What an agent answers over HTTP: requests become messages to the actors of its node.

Each module is a part of the API and gives its routes or handlers; `actors.agent.gateway` joins them. A
subscribed executor is an actor of its own (`executor_stream`), which to the agent is an executor like any
other; the pure files beside it (`executor_calls`, `executor_events`) say which message a call is, and which
event a message.
"""
