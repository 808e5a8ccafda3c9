"""What an agent answers over HTTP: requests become messages to the actors of its node.

Each module is a part of the API and gives its routes or handlers; `actors.agent.gateway` joins them. A
subscribed executor is an actor of its own (`executor_stream`), which to the agent is an executor like any
other; the pure files beside it (`executor_calls`, `executor_events`) say which message a call is, and which
event a message.

Operators (`operator`) read what the agent told of itself (`reads` for v1, `state_v0` for v0), and have
containers launched (`nested`) and attached to (`attach`, `output_stream`, `input_stream`) by the executor
node, to which the actor `porter` carries what handlers have to say.
"""
