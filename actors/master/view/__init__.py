"""The read model: what readers see of the cluster, kept apart from the master, on a thread of its own.

The master's books note what changes in them (`actors.master.changes`), and the `desk`, a part of the master,
tells that to the actor `view.View` of the same node, in portions that take it a millisecond: when the view
asks because somebody reads, or as it happens while somebody watches. The view asks after a reader has come,
so that his answer has all that the master had done by then; those who come meanwhile share the next question.

The view keeps a `model` of objects (`agents`, `frameworks`, `tasks`, …). Each object keeps the forms in which
it was wanted (`forms`) until it changes, and so does a `roll`, which joins many of them block by block. An
answer (`answers`) is put together of such pieces: what has not changed costs next to nothing. Watchers are
sent `events`, made as the model changes.

The view never acts, and is no part of a reign: should it crash, another one is made, and told all again.
"""
