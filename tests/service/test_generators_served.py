"""Every generator without an encoder, fitted to series of unequal length with gaps, over HTTP and over gRPC."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from seriesmith import Client
from seriesmith.errors import SeriesmithClientError
from tests.conftest import take_steps
from tests.service.server import Server, run_server
from tests.service.test_round_trip import LENGTHS, make_cases, write_file
from tests.training.test_families import make_brief as make_settings
from tests.training.test_fit import make_brief
from training.families import list_names
from training.fit import fit_and_publish

pytestmark = pytest.mark.reliability

FAMILIES = list_names("generator")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves a bundle of each family, called as it."""
    folder = tmp_path_factory.mktemp("generators")
    file = write_file(folder / "machines.ts", *make_cases())
    for name in FAMILIES:
        generator = make_settings("generator", name, steps=20)
        common = {"data": file, "models": folder / "models", "folds": 0, "held_out_share": 0.0}
        fit_and_publish(make_brief(**take_steps(5, 5, 60), **common, generator=generator, name=name, policy="none"))
    with run_server(folder, folder / "models") as running:
        yield running


@pytest.fixture(params=["http", "grpc"])
def client(served: Server, request: pytest.FixtureRequest) -> Iterator[Client]:
    """Speaks to that server over one transport."""
    with Client(served.url if request.param == "http" else f"grpc://{served.grpc}") as ours:
        yield ours


@pytest.mark.parametrize("name", FAMILIES)
def test_it_samples_augments_and_classifies_and_refuses_the_rest(client: Client, name: str) -> None:
    cases, labels = make_cases()
    made = client.sample({"idle": 3, "busy": 2}, model=name, seed=4)
    assert made.labels.tolist() == ["idle"] * 3 + ["busy"] * 2 and np.isfinite(made.series).all()
    again = client.sample({"idle": 3, "busy": 2}, model=name, seed=4)
    np.testing.assert_array_equal(made.series, again.series)

    added = client.augment(cases, labels, model=name, strategy={"factor": 2.0}, policy="latent", seed=1)
    assert added.synthetic.sum() == len(cases) and added.lengths is not None
    assert added.lengths[: len(cases)].tolist() == list(LENGTHS)

    judged = client.classify(cases, model=name)
    np.testing.assert_allclose(judged.probabilities.sum(axis=1), 1, rtol=1e-5)
    for refused in (client.encode, client.reconstruct):
        with pytest.raises(SeriesmithClientError, match="it has no encoder") as error:
            refused(cases, model=name)
        assert error.value.code == "unsupported_operation"
        assert "it can sample, augment, classify" in error.value.message
