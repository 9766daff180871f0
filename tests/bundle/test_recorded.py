"""What a seed made of a bundle before generation was rewritten, it makes again, by every policy."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Runtime
from bundle.generation.given import group_by_class
from bundle.generation.policy import POLICIES, PolicyName
from bundle.generation.recipe import Samples

HERE = Path(__file__).parent
RECORDED = HERE / "recorded_series.npz"
"""Series at ROWS and STRIDE, and counts of proposals and fallbacks, by `Wish`; made by commit 5fe16dc
on an x86-64 CPU with one thread."""

COUNT, CLASS, SEED = 37, 1, 2**53 - 1
ROWS, STRIDE = [0, 15, 16, 36], (slice(None, None, 2), slice(None, None, 9))


class Wish(NamedTuple):
    """What is asked for, with cases of the class or without."""

    policy: PolicyName
    from_cases: bool
    expansion: float


WISHES = [
    *(Wish(policy, False, expansion) for policy in ("latent", "latent+warps") for expansion in (1.0, 6.0)),
    *(Wish(policy, True, 6.0) for policy in POLICIES if policy != "none"),
]


def make(bundle: Bundle, wish: Wish) -> Samples:
    """Samples of one class; cases that are given are some of the bundle's own."""
    adapted = given = None
    if wish.from_cases:
        n_classes = len(bundle.manifest.classes)
        series = np.concatenate([bundle.sample(index, 5, seed=index).series for index in range(n_classes)])
        class_index = np.repeat(np.arange(n_classes), 5)
        latent = bundle.encode(series)[0]
        assert bundle.mixture is not None
        adapted = bundle.mixture.adapt(latent.astype(np.float64), class_index)
        given = group_by_class(series, class_index, latent)[CLASS]
    return bundle.sample(CLASS, COUNT, SEED, wish.expansion, adapted, wish.policy, given)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """One that an earlier version published, which never changes."""
    return Bundle.load(HERE / "format_1" / "basicmotions" / "1", Runtime("cpu", 1))


@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_a_seed_makes_what_it_made(bundle: Bundle, wish: Wish) -> None:
    samples = make(bundle, wish)
    with np.load(RECORDED) as recorded:
        before, counts = (recorded["/".join(map(str, (*wish, part)))] for part in ("series", "counts"))
    scale = before.std()
    np.testing.assert_allclose(samples.series[ROWS][:, *STRIDE] / scale, before / scale, atol=1e-4, rtol=0)
    assert [samples.n_proposals, samples.n_fallbacks] == counts.tolist()
