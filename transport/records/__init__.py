"""The nouns of Mesos, each declared once as an immutable record.

The messages of mesos.proto (and of the quota, maintenance and allocator protos beside it) stand in files by
noun, nested as there: `offer.Offer.Operation.Launch` is `mesos.v1.Offer.Operation.Launch`. A field carries
its protobuf number, its declared default and whether it is deprecated; `transport.schema` reads that back.
What was not set is None, so nothing is lost between reading and writing. Times of day, sizes and names are
kept as Mesos has them; who needs a field's default asks for it. The calls, events and answers of the v1 APIs
stand beside them, each protocol's in files of its own: `scheduler_call.Call` is `mesos.v1.scheduler.Call`.

Two things here are more than declarations:

* *Resources.* `resources.Resources` is a sum of resources, `quantities.Quantities` how much of each name
  there is. Inside, a sum maps identities (`resource_identity`: name, reservations, disk, role allocated to,
  ...) to amounts (`amount`): integers of thousandths, ranges, or words. So adding, subtracting and comparing
  are a few operations on small dicts, exact, and no float ever decides. Floats and text exist at the edges:
  `scalar`, `value_text`, `resource_text`; `resource_conversion` is what offer operations do to a sum.
* *Rules.* `resource_validation` and `names` tell which rule a resource, a role or an id breaks, as text.

Resources travel with their reservations as a stack; frameworks and endpoints that know the older fields get
them from `reservation_format`, at the gateway.
"""
