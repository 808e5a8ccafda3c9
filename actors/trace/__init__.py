"""What was said between actors, and what it caused: the story of a cluster.

Every message belongs to a trace: the message nobody caused begins one, and what its handling sends
belongs to it too, on whatever node (the ids travel in the envelope). Three stages, each cheaper than the
one before it allows:

* *Noting*, always: a `tracer.Tracer` appends what was handled, sent to another node, dropped or crashed
  to a bounded ring. Nothing is formatted, so it costs a fraction of a microsecond for each message.
* *Telling*, when somebody asks: `record` renders ring entries as `TraceRecord`s, immutable and small,
  with secrets left out (`summary`). The `recorder` actor of each node answers with them and streams them
  to followers; a `writer` thread puts them into files under `--trace_dir` (`files`).
* *Understanding*, where the user sits, and pure: `merge` joins the records of many nodes into traces and
  reckons with clocks that differ; `story` finds the traces that mention an id; `diagram` draws one as a
  sequence diagram in the terminal, and `perfetto` exports it for Perfetto or chrome://tracing.
"""
