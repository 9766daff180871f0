"""A bundle whose graphs and manifest do not belong together is refused by name, whatever its roles."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bundle.engine.bundle import Bundle
from tests.bundle.breaking import CPU, change_manifest, load_refused

Change = Callable[[dict[str, Any]], Any]

MIXTURE = {"latent_dim": 3, "expansion": 1.0, "mixture": {"file": "mixture.npz", "sha256": "0" * 64}}


def move_graph(role: str, other: str) -> Change:
    """Have the graph of a role stand in another."""
    return lambda raw: raw["graphs"].update({other: raw["graphs"].pop(role)})


def copy_graph(role: str, other: str) -> Change:
    """Have the graph of a role stand in another as well."""
    return lambda raw: raw["graphs"].update({other: raw["graphs"][role]})


def copy_graph_to(role: str, *others: str) -> Change:
    """Have the graph of a role stand in several."""
    return lambda raw: [copy_graph(role, other)(raw) for other in others]


def add_many(raw: dict[str, Any]) -> None:
    """Have a graph stand in more roles than a bundle may have."""
    raw["graphs"] |= {"a" * length: raw["graphs"]["classifier"] for length in range(1, 60)}


def calibrate(threshold: float | None, quantiles: list[float] | None) -> Change:
    """Have the manifest say what is usual."""
    return lambda raw: raw.update(
        calibration={"anomaly_threshold": threshold, "log_density_quantiles": quantiles, "n_cases": 9}
    )


def change_noise(**card: Any) -> Change:
    """Change what the manifest says of the generator's second input."""
    return lambda raw: raw["graphs"]["generate"]["inputs"][1].update(card)


ABSURD: dict[str, tuple[str, Change, str]] = {
    "no noise": ("generator", lambda raw: raw["graphs"]["generate"]["inputs"].pop(1), "the manifest says"),
    "noise by another name": ("generator", change_noise(name="other"), "the manifest says"),
    "noise of any size": ("generator", change_noise(shape=["n", "m"]), "every axis but the batch must have a size"),
    "noise of no axis": ("generator", change_noise(shape=[]), "the manifest says"),
    "noise of gigabytes": ("generator", change_noise(shape=["n", 2**40]), "it may take 4194304 values"),
    "noise of integers": ("generator", change_noise(dtype="int64"), "the manifest says"),
    "a decoder for a generator": (
        "autoencoder",
        move_graph("decoder", "generate"),
        "as generate of this bundle it must",
    ),
    "a generator for a classifier": ("dreamer", copy_graph("generate", "classifier"), "labelled is false"),
    "an encoder for a classifier": ("autoencoder", copy_graph("encoder", "classifier"), "as classifier of this bundle"),
    "codes and no latent": ("coder", lambda raw: raw.update(latent=None), "latent is null, and the graph encoder"),
    "latent and no codes": ("judge", lambda raw: raw.update(latent=MIXTURE), "no graph takes or gives"),
    "latent left out": ("judge", lambda raw: raw.pop("latent"), "latent"),
    "parameters and no mixture": ("autoencoder", lambda raw: raw.update(latent=MIXTURE), "belong together"),
    "a mixture and no parameters": ("autoencoder", copy_graph("encoder", "mixture"), "belong together"),
    "a mixture and no decoder": ("coder", copy_graph("encoder", "mixture"), "no decoder beside it"),
    "a mixture and a generator": (
        "autoencoder",
        copy_graph_to("encoder", "mixture", "generate"),
        "in one of these ways",
    ),
    "an expansion of nothing": ("coder", lambda raw: raw["latent"].update(expansion=2.0), "both are there"),
    "components of nothing": (
        "judge",
        lambda raw: raw["classes"][1].update(components=2),
        "classes.1 has 2 components",
    ),
    "a texture of nothing": ("generator", copy_graph("generate", "texture"), "no decoder beside it"),
    "a screener of nothing": ("coder", copy_graph("encoder", "screener"), "no classifier beside it"),
    "a density of nothing": ("judge", copy_graph("classifier", "density"), "no encoder, and no mixture beside it"),
    "a decoder of nothing": ("autoencoder", move_graph("encoder", "later"), "no encoder, and no mixture beside it"),
    "a classifier of no labels": ("judge", lambda raw: raw.update(labelled=False), "labelled is false"),
    "a threshold of nothing": ("coder", calibrate(1.0, None), "has an anomaly_threshold"),
    "quantiles of nothing": ("autoencoder", calibrate(None, [0.0, 1.0]), "has log_density_quantiles"),
    "no graphs": ("judge", lambda raw: raw.update(graphs={}), "can do nothing"),
    "graphs that do nothing": ("judge", move_graph("classifier", "later"), "the graphs (later) can do nothing"),
    "a hundred graphs": ("judge", add_many, "graphs"),
    "a role that is a path": ("judge", copy_graph("classifier", "../later"), "graphs"),
    "an unknown role without a probe": (
        "judge",
        copy_graph("classifier", "later"),
        "lacks the array 'later.in.series'",
    ),
}


def copy_plain(plain_repository: Path, root: Path, name: str) -> Path:
    """A bundle of one's own to break."""
    return Path(shutil.copytree(plain_repository / name / "1", root / name / "1"))


@pytest.mark.parametrize("what", ABSURD)
def test_what_does_not_belong_together_is_refused_by_name(plain_repository: Path, tmp_path: Path, what: str):
    name, change, words = ABSURD[what]
    directory = copy_plain(plain_repository, tmp_path, name)

    def changed(raw: dict[str, Any]) -> dict[str, Any]:
        change(raw)
        return raw

    change_manifest(directory, changed)
    assert words in load_refused(directory)


def test_a_generator_of_fewer_classes_than_its_manifest_says_does_not_run(plain_repository: Path, tmp_path: Path):
    directory = copy_plain(plain_repository, tmp_path, "dreamer")

    def add_classes(raw: dict[str, Any]) -> dict[str, Any]:
        return raw | {"classes": [raw["classes"][0] | {"label": label} for label in ("a", "b", "c", "d")]}

    change_manifest(directory, add_classes)
    bundle = Bundle.load(directory, CPU)
    with pytest.raises(Exception, match="invalid index found, index = 3"):
        bundle.warm_up()
