"""A bundle runs what it says, row by row alike in any batch, and refuses to load when anything is off."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from bundle.cores import count_gpus
from bundle.engine.bundle import Bundle
from bundle.engine.sessions import Device, Runtime
from bundle.errors import BundleError, Unsupported
from training import data as datasets

CPU = Runtime("cpu", 1)


@pytest.fixture
def copied(repository: Path, tmp_path: Path) -> Path:
    """A bundle of one's own to break."""
    target = tmp_path / "sines" / "1"
    shutil.copytree(repository / "sines" / "1", target)
    return target


@pytest.fixture(scope="module")
def series() -> np.ndarray:
    return datasets.load("sines").train.series


def compute_difference(actual: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(actual - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("rows", [1, 2, 7, 33, 60])
def test_a_series_gets_the_same_answers_alone_and_in_any_batch(sines: Bundle, series: np.ndarray, rows: int) -> None:
    def everything(batch: np.ndarray) -> tuple[np.ndarray, ...]:
        mean, log_variance = sines.encode(batch)
        return mean, log_variance, sines.decode(mean), sines.classify(batch), sines.compute_log_density(mean)

    for together, alone in zip(everything(series[:rows]), everything(series[:1]), strict=True):
        assert compute_difference(together[:1], alone) < 1e-5


def test_raw_units_come_back_from_reconstruction_and_sampling(sines: Bundle, series: np.ndarray) -> None:
    reconstruction = sines.decode(sines.encode(series)[0])
    samples = np.concatenate([sines.sample(index, 100, seed=1).series for index in range(3)])
    for made in (reconstruction, samples):
        np.testing.assert_allclose(made.mean(axis=(0, 2)), series.mean(axis=(0, 2)), rtol=0.02)
        np.testing.assert_allclose(made.std(axis=(0, 2)), series.std(axis=(0, 2)), rtol=0.2)


def test_samples_are_classified_as_the_class_asked_for(sines: Bundle) -> None:
    for index in range(3):
        own = sines.classify(sines.sample(index, 100, seed=2).series).argmax(axis=1) == index
        assert own.mean() > 0.9


def test_the_density_graph_agrees_with_the_mixture_in_numpy(sines: Bundle) -> None:
    assert sines.mixture is not None
    latent = np.random.default_rng(0).standard_normal((50, sines.latent_dim)).astype(np.float32)
    expected = sines.mixture.compute_class_log_density(latent.astype(np.float64))
    np.testing.assert_allclose(sines.compute_log_density(latent), expected, rtol=1e-4)


def test_typicality_is_the_rank_among_held_out_cases(sines: Bundle, series: np.ndarray) -> None:
    usual = sines.compute_typicality(sines.encode(series)[0])
    assert usual.min() >= 0 and usual.max() <= 1
    strange = sines.compute_typicality(sines.encode(series * np.float32(3))[0])
    assert strange.mean() < 0.1 < usual.mean()


def test_unlabelled_data_gives_one_class_and_no_classifier(unlabelled: Bundle) -> None:
    assert unlabelled.manifest.labels == ["all"]
    assert unlabelled.sample(0, 5, seed=0).series.shape == (5, 1, 40)
    with pytest.raises(Unsupported, match="unlabelled"):
        unlabelled.classify(np.zeros((1, 1, 40), np.float32))


def test_every_file_that_is_tampered_with_is_refused_by_name(copied: Path) -> None:
    for file in copied.iterdir():
        content = file.read_bytes()
        file.write_bytes(content[:-20] + bytes(20))
        with pytest.raises(BundleError, match=file.name):
            Bundle.load(copied, CPU)
        file.unlink()
        with pytest.raises(BundleError, match=file.name):
            Bundle.load(copied, CPU)
        file.write_bytes(content)
    Bundle.load(copied, CPU)


def _rewrite_manifest(directory: Path, change: dict[str, object]) -> None:
    manifest = json.loads((directory / "manifest.json").read_bytes())
    (directory / "manifest.json").write_text(json.dumps(manifest | change))


def test_a_probe_that_answers_otherwise_is_refused(copied: Path) -> None:
    with np.load(copied / "probe.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["encoder.out.posterior_mean"] += 1
    np.savez(copied / "probe.npz", **arrays)
    digest = hashlib.sha256((copied / "probe.npz").read_bytes()).hexdigest()
    _rewrite_manifest(copied, {"probe": {"file": "probe.npz", "sha256": digest}})
    with pytest.raises(BundleError, match="encoder.onnx gives another posterior_mean"):
        Bundle.load(copied, CPU)


def test_a_graph_with_other_inputs_than_the_manifest_says_is_refused(copied: Path) -> None:
    graphs = json.loads((copied / "manifest.json").read_bytes())["graphs"]
    graphs["encoder"] |= {"file": "decoder.onnx", "sha256": graphs["decoder"]["sha256"]}
    _rewrite_manifest(copied, {"graphs": graphs})
    with pytest.raises(BundleError, match="the manifest says"):
        Bundle.load(copied, CPU)


def test_a_bundle_in_another_place_than_its_manifest_says_is_refused(copied: Path) -> None:
    moved = copied.rename(copied.parent / "2")
    with pytest.raises(BundleError, match="sines/2"):
        Bundle.load(moved, CPU)


@pytest.mark.parametrize(
    ("device", "provided", "gpus", "words"),
    [
        ("auto", True, 0, "there is no GPU that this process may use"),
        ("auto", False, 1, "no CUDA provider .*onnxruntime-gpu"),
        ("auto", False, 0, ""),
        ("auto", True, 1, ""),
        ("cpu", True, 0, ""),
    ],
)
def test_auto_says_why_it_takes_the_cpu(
    device: Device, provided: bool, gpus: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu, cuda = "CPUExecutionProvider", "CUDAExecutionProvider"
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [cuda, cpu] if provided else [cpu])
    monkeypatch.setattr("bundle.engine.sessions.count_gpus", lambda: gpus)
    runtime = Runtime(device, gpu=1, gpu_bytes=2**30)
    said = runtime.explain_fallback()
    assert re.search(words, said) if words else not said
    assert runtime.providers == ([cuda, cpu] if provided and gpus else [cpu])
    assert runtime.options["device_id"] == "1" and runtime.options["gpu_mem_limit"] == str(2**30)
    if device == "auto" and said:
        with pytest.raises(BundleError, match=words):
            assert Runtime("cuda").providers


@pytest.mark.parametrize(
    ("files", "visible", "count"),
    [
        (["nvidia0", "nvidia1", "nvidiactl", "null"], None, 2),
        (["nvidia0", "nvidia1"], "1", 1),
        (["nvidia0", "nvidia1"], "", 0),
        (["nvidia0", "nvidia1"], "0,-1,1", 1),
        (["nvidia0"], "GPU-8f6a,GPU-11", 1),
        (["null"], "0", 0),
    ],
)
def test_gpus_are_those_that_cuda_shows(
    files: list[str], visible: str | None, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.listdir", lambda folder: files)
    monkeypatch.setattr("os.path.exists", lambda path: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert count_gpus() == count


def test_cuda_is_refused_where_there_is_none(copied: Path) -> None:
    if Runtime("auto").providers[0] != "CPUExecutionProvider":
        pytest.skip("a GPU is here")
    with pytest.raises(BundleError, match="no CUDA provider"):
        Bundle.load(copied, Runtime("cuda"))
    assert Bundle.load(copied, Runtime("auto")).provider == "CPUExecutionProvider"
