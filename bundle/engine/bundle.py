"""A verified bundle, ready to run: encode, decode, classify, judge and generate series in original units."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bundle.archives import read_arrays
from bundle.engine.sessions import Runtime, Session
from bundle.errors import BundleError, SeriesmithError, Unsupported
from bundle.generation.blocks import generate_blocks
from bundle.generation.given import GivenCases
from bundle.generation.mixture import MixtureParameters, compute_marginal_log_density
from bundle.generation.policy import PolicyName
from bundle.generation.recipe import Recipe, Samples
from bundle.generation.texture import add_texture, check_texture, read_noise_shape
from bundle.graphs import check_graph
from bundle.manifest import Calibration, Manifest, read_manifest
from bundle.probe import replay
from bundle.reading import MANIFEST_BYTES, MOST_BYTES, Folder, Unreadable
from bundle.signing import check_signature
from bundle.verify import check_signatures, read_mixture, read_verified

Array = NDArray[np.float32]

REQUIRED = {"encoder", "decoder", "mixture", "density"}


@dataclass(frozen=True)
class Terms:
    """On what terms a deployment takes bundles: of so many bytes at most, and, with `trusted_keys`, a file of public
    keys, only those whose manifest one of them signed.

    With `trial_bytes` each is tried first in a process that may take so much memory (see `bundle/trial.py`), and is
    then to have the manifest of that `manifest_sha256`.
    """

    most_bytes: int = MOST_BYTES
    trusted_keys: Path | None = None
    trial_bytes: int = 0
    manifest_sha256: str | None = None


def check_signed(directory: Path, terms: Terms) -> None:
    """Raise `BundleError` where `terms` name trusted keys and none of them signed the manifest of a bundle."""
    if terms.trusted_keys is not None:
        with Folder(directory, terms.most_bytes) as folder:
            check_signature(folder, folder.read("manifest.json", MANIFEST_BYTES), terms.trusted_keys)


class Bundle:
    """Everything one fitted dataset can do. Arrays in are float32 `[n_cases, n_channels, n_timepoints]`, unchecked.

    Use `Bundle.load`; a bundle that exists has passed its hashes, its schema and its probe. It is a
    `bundle.generation.model.Model`.
    """

    blocks_at_once = 1
    """A block is the unit of every call of a seeded request: the bits of a row depend on the rows beside it."""

    def __init__(self, manifest: Manifest, sessions: dict[str, Session], mixture: MixtureParameters) -> None:
        self.manifest = manifest
        self.mixture = mixture
        self._sessions = sessions

    @classmethod
    def load(cls, directory: Path, runtime: Runtime | None = None, terms: Terms | None = None) -> Bundle:
        """Read and verify `models/<name>/<version>/`. Raises `BundleError` with the reason when anything is off."""
        try:
            return cls._load(directory, runtime or Runtime(), terms or Terms())
        except SeriesmithError:
            raise
        except MemoryError as error:
            raise Unreadable("there is not enough memory to load it.") from error
        except Exception as error:  # whatever a file holds, its reader gets one kind of error
            raise BundleError(f"it cannot be read: {type(error).__name__}: {str(error)[:400]}") from error

    @classmethod
    def _load(cls, directory: Path, runtime: Runtime, terms: Terms) -> Bundle:
        with Folder(directory, terms.most_bytes) as folder:
            text = folder.read("manifest.json", MANIFEST_BYTES)
            if terms.manifest_sha256 not in (None, sha256(text).hexdigest()):
                raise Unreadable("it changed while it was tried.")
            if terms.trusted_keys is not None:
                check_signature(folder, text, terms.trusted_keys)
            manifest = read_manifest(text)
            if (manifest.name, str(manifest.version)) != (directory.parent.name, directory.name):
                raise BundleError(
                    f"the manifest says {manifest.name}/{manifest.version}, but it lies in "
                    f"{directory.parent.name}/{directory.name}; a bundle is published, not copied by hand."
                )
            if missing := REQUIRED - set(manifest.graphs):
                raise BundleError(f"the manifest lists no graph {', '.join(sorted(missing))}.")
            contents = read_verified(folder, manifest)
        check_texture(manifest)
        for graph in manifest.graphs.values():
            check_graph(graph.file, contents[graph.file])
        mixture = read_mixture(read_arrays(manifest.mixture.file, contents[manifest.mixture.file]), manifest)
        probe = read_arrays(manifest.probe.file, contents[manifest.probe.file])
        sessions = {str(name): Session(contents[graph.file], runtime) for name, graph in manifest.graphs.items()}
        check_signatures(manifest, sessions)
        replay(manifest, sessions, probe)
        return cls(manifest, sessions, mixture)

    @property
    def provider(self) -> str:
        """The onnxruntime execution provider that the graphs run on."""
        return self._sessions["decoder"].provider

    @property
    def labelled(self) -> bool:
        """Whether the bundle can classify."""
        return "classifier" in self._sessions

    @property
    def latent_dim(self) -> int:
        """The width of the latent code."""
        return self.manifest.latent_dim

    @property
    def texture_shape(self) -> tuple[int, ...]:
        """The shape of the noise that the texture of one series is made of."""
        return read_noise_shape(self.manifest)

    def has(self, role: str) -> bool:
        """Whether it has a graph of a role."""
        return role in self._sessions

    def encode(self, series: Array) -> tuple[Array, Array]:
        """posterior_mean and posterior_log_variance, `[n, latent_dim]` each."""
        mean, log_variance = self._sessions["encoder"]({"series": series})
        return mean, log_variance

    def decode(self, latent: Array) -> Array:
        """Series `[n, n_channels, n_timepoints]` in original units of `latent` `[n, latent_dim]`."""
        return self._sessions["decoder"]({"latent": latent})[0]

    def classify(self, series: Array) -> Array:
        """class_probabilities `[n, n_classes]`. Raises `Unsupported` when the data had no labels."""
        self.require_classifier()
        return self._sessions["classifier"]({"series": series})[0]

    def require_classifier(self) -> None:
        """Raise `Unsupported` when the data had no labels."""
        if not self.labelled:
            raise Unsupported(
                f"model {self.manifest.name!r} was fitted on unlabelled data and has no classifier; "
                "fit it with labels to classify."
            )

    def compute_log_density(self, latent: Array) -> Array:
        """class_log_density `[n, n_classes]` of `latent` `[n, latent_dim]` under each class's mixture."""
        return self._sessions["density"]({"latent": latent})[0]

    def propose(
        self,
        class_index: int,
        component_uniform: Array,
        noise: Array,
        expansion: float,
        mixture: MixtureParameters | None = None,
    ) -> tuple[Array, Array]:
        """Latent codes `[n, latent_dim]` of one class and their class_log_density `[n, n_classes]`; see `Model`."""
        feeds: dict[str, np.ndarray] = {
            "class_index": np.full(len(noise), class_index, np.int64),
            "component_uniform": component_uniform,
            "noise": noise,
            "expansion": np.asarray(expansion, np.float32),
            **(mixture.graph_inputs if mixture else {}),
        }
        latent, log_density = self._sessions["mixture"](feeds, ["latent", "class_log_density"])
        return latent, log_density

    def add_texture(self, series: Array, class_index: int, noise: Array) -> Array:
        """Decoded `series` of one class with the texture of real ones, made of `noise` `[n, *texture_shape]`."""
        return add_texture(self._sessions["texture"], self.manifest.texture_steps, series, class_index, noise)

    def sample(
        self,
        class_index: int,
        count: int,
        seed: int,
        expansion: float | None = None,
        mixture: MixtureParameters | None = None,
        policy: PolicyName = "latent",
        given: GivenCases | None = None,
    ) -> Samples:
        """`count` ≥ 1 series of one class; equal arguments give equal bits, and more series start with these.

        `given` are the real cases of the class that a policy starts from; see `Recipe`.
        """
        factor = self.manifest.expansion if expansion is None else expansion
        recipe = Recipe(class_index, count, seed, factor, policy, given, mixture)
        return generate_blocks(self, recipe, recipe.list_blocks())

    def compute_reconstruction_error(self, series: Array, reconstruction: Array) -> Array:
        """Mean squared difference per case, `[n]`, in squared original units."""
        with np.errstate(over="ignore"):
            squared = np.square(series.astype(np.float64) - reconstruction)
            error: Array = squared.mean(axis=(1, 2)).astype(np.float32)
        return error

    def compute_marginal_log_density(self, latent: Array) -> NDArray[np.float64]:
        """Log density `[n]` of `latent` whatever its class: the classes weighted by their training counts."""
        counts = np.array([card.training_count for card in self.manifest.classes])
        return compute_marginal_log_density(self.compute_log_density(latent), counts)

    def compute_typicality(self, latent: Array) -> Array:
        """The share `[n]`, 0 … 1, of held-out training cases whose latent density is lower."""
        quantiles = self.require_calibration().log_density_quantiles
        levels = np.linspace(0, 1, len(quantiles))
        share: Array = np.interp(self.compute_marginal_log_density(latent), quantiles, levels).astype(np.float32)
        return share

    def require_calibration(self) -> Calibration:
        """What was learned of usual cases. Raises `Unsupported` when there were too few of them."""
        if self.manifest.calibration is None:
            raise Unsupported(f"model {self.manifest.name!r} was fitted on too few cases to judge typicality.")
        return self.manifest.calibration

    def warm_up(self, batch_sizes: tuple[int, ...] = (1, 8, 64)) -> None:
        """Run every graph once per batch size, so that the first request finds memory and kernels ready."""
        shape = self.manifest.series
        self.sample(0, 1, seed=0)
        for rows in batch_sizes:
            series = np.zeros((rows, shape.n_channels, shape.n_timepoints), np.float32)
            mean, _ = self.encode(series)
            self.compute_log_density(mean)
            self.decode(mean)
            if self.labelled:
                self.classify(series)
