"""Whatever is done to the books, it is noted; and a reader who is told knows them as they are."""

from __future__ import annotations

import pytest

from actors.master.cluster import Cluster
from actors.master.view.desk import fact_of
from actors.master.view.model import Model
from tests.actors.master.view.audit import INFO, Audit, unlike
from tests.actors.master.view.whims import Whims


@pytest.mark.parametrize("seed", range(10))
def test_a_model_that_is_told_what_is_noted_is_as_the_books_are(seed: int) -> None:
    whims = Whims(seed)
    audit, model = Audit(whims.cluster), Model(INFO, 2.0)
    for _ in range(150):
        whims.act()
        audit.check()
        if whims.rng.random() < 0.1:
            tell(whims.cluster, model)
            assert unlike(model, whims.cluster) == ""
    tell(whims.cluster, model)
    assert unlike(model, whims.cluster) == ""
    known = dict.fromkeys((*model.shares, *model._offers_of))
    assert all(one in model.agents or model.shares.get(one) or model._offers_of.get(one) for one in known)


def tell(cluster: Cluster, model: Model) -> None:
    """All that is noted."""
    for key in cluster.changes.take(len(cluster.changes)):
        model.take(key, fact_of(cluster, key))
    model.settle()
