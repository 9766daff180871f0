"""A verified bundle, ready to run: encode, decode, classify, judge and generate series in original units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bundle.archives import read_arrays
from bundle.engine.completing import make_completer
from bundle.engine.sessions import Runtime, Session
from bundle.engine.side_by_side import make_side_by_side
from bundle.errors import BundleError, SeriesmithError, Unsupported
from bundle.generation.blocks import generate_blocks
from bundle.generation.completing import Completer
from bundle.generation.generate import check_noise, generate_series, read_noise_shapes
from bundle.generation.given import GivenCases
from bundle.generation.mixture import MixtureParameters, compute_marginal_log_density
from bundle.generation.neighbours import TrainingCodes
from bundle.generation.policy import PolicyName, find_source
from bundle.generation.recipe import Recipe, Samples
from bundle.generation.texture import add_texture, check_texture, read_noise_shape
from bundle.graphs import check_graph
from bundle.manifest import Manifest, read_manifest
from bundle.probe import replay
from bundle.reading import MANIFEST_BYTES, MOST_BYTES, Folder, Unreadable
from bundle.roles import (
    JUDGEMENTS,
    OPERATIONS,
    ROLES,
    SOURCES,
    VERBS,
    describe_all,
    describe_lack,
    has_one_of,
    list_operations,
    list_policies,
)
from bundle.signing import check_signature
from bundle.verify import check_signatures, read_codes, read_mixture, read_verified

Array = NDArray[np.float32]
Part = TypeVar("Part")


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

    def __init__(
        self,
        manifest: Manifest,
        sessions: dict[str, Session],
        mixture: MixtureParameters | None,
        codes: TrainingCodes | None = None,
    ) -> None:
        self.manifest = manifest
        self.mixture = mixture
        self.codes = codes
        """The codes of its training cases, where its fit was told to keep them."""
        self._sessions = {role: session for role, session in sessions.items() if role in ROLES}
        any_session = next(iter(sessions.values()))
        self.provider, self._n_threads = any_session.provider, any_session.n_threads
        """The onnxruntime execution provider that the graphs run on, and the threads that they may use."""
        self._parts = [*self._sessions, *([] if codes is None else ["codes"])]
        self.operations = list_operations(self._parts)
        """The operations that it can do."""
        self.policies = list_policies(self._sessions)
        """The policies that it can follow; none where it cannot augment."""
        judged = {"typicality"} if manifest.log_density_quantiles else set()
        self._abilities = frozenset(self.operations) | judged | ({"judge"} if self.has("density") else set())
        self.latent_dim = manifest.latent.latent_dim if manifest.latent else 0
        """The width of its codes; 0 where it has none."""

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
            contents = read_verified(folder, manifest)
        check_texture(manifest)
        check_noise(manifest)
        for graph in manifest.graphs.values():
            check_graph(graph.file, contents[graph.file])
        mixture = _read_mixture(manifest, contents)
        probe = read_arrays(manifest.probe.file, contents[manifest.probe.file])
        sessions = {name: Session(contents[graph.file], runtime) for name, graph in manifest.graphs.items()}
        check_signatures(manifest, sessions)
        replay(manifest, sessions, probe)
        return cls(manifest, sessions, mixture, _read_codes(manifest, contents))

    def can(self, operation: str) -> bool:
        """Whether it can do an operation, judge "typicality", or "judge" how dense codes lie."""
        return operation in self._abilities

    def require(self, operation: str) -> None:
        """Raise `Unsupported`, with what it can do instead, unless it can do `operation`, or what else `can` knows."""
        if operation not in self._abilities:
            verb = VERBS.get(operation, operation)
            raise Unsupported(
                f"model {self.manifest.name!r} cannot {verb}: {self._explain_lack(operation)}; it can "
                f"{describe_all(self.operations)}."
            )

    def _explain_lack(self, operation: str) -> str:
        if operation == "neighbours" and self.has("encoder"):
            return (
                "its fit kept no codes of training cases; fit it again with --keep-codes, which says what that reveals"
            )
        if operation == "typicality" and has_one_of(JUDGEMENTS[operation], self._sessions):
            return "it was fitted on too few cases"
        ways = OPERATIONS[operation] if operation in OPERATIONS else JUDGEMENTS[operation]
        lack = f"it has {describe_lack(ways, self._parts)}"
        if operation == "classify" and not self.manifest.labelled:
            lack += ", since it was fitted on unlabelled data"
        return lack

    def require_policy(self, policy: PolicyName) -> None:
        """Raise `Unsupported`, with the policies that it can follow, unless it can follow `policy`."""
        if policy not in self.policies:
            lack = describe_lack(SOURCES[find_source(policy)], self._sessions)
            raise Unsupported(
                f"model {self.manifest.name!r} cannot follow the policy {policy!r}: it has {lack}; it can follow "
                f"{describe_all(self.policies)}.",
                "policy",
            )

    def choose_expansion(self, asked: float | None) -> float:
        """Return the factor on the mixture's covariances: the one asked for, or the bundle's own.

        Raises `Unsupported` where one is asked for and there is no mixture, on which it could have no effect.
        """
        own = self.manifest.latent.expansion if self.manifest.latent else None
        if own is None and asked is not None:
            raise Unsupported(
                f"expansion is the factor on a mixture's covariances, and model {self.manifest.name!r} has no mixture; "
                "leave it out.",
                "expansion",
            )
        return asked or own or 1.0

    @property
    def noise_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each input of noise that its generator takes for one series."""
        return read_noise_shapes(self.manifest)

    @property
    def texture_shape(self) -> tuple[int, ...]:
        """The shape of the noise that the texture of one series is made of."""
        return read_noise_shape(self.manifest)

    @cached_property
    def completer(self) -> Completer:
        """What completes series. Raises `Unsupported` where nothing tells how far series lie from what it decodes."""
        return make_completer(self, self.manifest, self.require_mixture(), self.class_share)

    def has(self, role: str) -> bool:
        """Whether it has a graph of a role."""
        return role in self._sessions

    def make_side_by_side(self, make: Callable[[range], Part], numbers: range) -> list[Part]:
        """Call `make` with parts of the blocks `numbers`, each on a thread of its own; see `Model`."""
        return make_side_by_side(make, numbers, self._n_threads)

    def encode(self, series: Array) -> tuple[Array, Array]:
        """posterior_mean and posterior_log_variance, `[n, latent_dim]` each."""
        mean, log_variance = self._sessions["encoder"]({"series": series})
        return mean, log_variance

    def decode(self, latent: Array) -> Array:
        """Series `[n, n_channels, n_timepoints]` in original units of `latent` `[n, latent_dim]`."""
        return self._sessions["decoder"]({"latent": latent})[0]

    def classify(self, series: Array) -> Array:
        """class_probabilities `[n, n_classes]`. Raises `Unsupported` where there is no classifier."""
        self.require("classify")
        return self._sessions["classifier"]({"series": series})[0]

    def screen(self, series: Array) -> Array:
        """class_probabilities `[n, n_classes]` by the screener, else the classifier: a series that is made has to
        convince it."""
        role = "screener" if self.has("screener") else "classifier"
        return self._sessions[role]({"series": series})[0]

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

    def generate(self, class_index: int, noise: dict[str, Array]) -> Array:
        """Series of one class made of the generator's `noise`, named and shaped as `noise_shapes` says."""
        return generate_series(self._sessions["generate"], class_index, noise)

    def blend(self, class_index: int, end_class_index: int, position: Array, noise: dict[str, Array]) -> Array:
        """Series at positions `[n]`, 0 … 1, on the way from a class to another, made of `noise` like `generate`'s."""
        between: dict[str, np.ndarray] = {
            "class_index": np.full(len(position), class_index, np.int64),
            "end_class_index": np.full(len(position), end_class_index, np.int64),
            "position": position,
        }
        return self._sessions["blend"]({**between, **noise}, ["series"])[0]

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
        recipe = Recipe(class_index, count, seed, self.choose_expansion(expansion), policy, given, mixture)
        return generate_blocks(self, recipe, recipe.list_blocks())

    def compute_reconstruction_error(
        self, series: Array, reconstruction: Array, counted: NDArray[np.bool_] | None = None
    ) -> Array:
        """Mean squared difference per case, `[n]`, in squared original units, of the values `counted`; None: all."""
        with np.errstate(over="ignore"):
            squared = np.square(series.astype(np.float64) - reconstruction)
            error: Array = squared.mean(axis=(1, 2), where=True if counted is None else counted).astype(np.float32)
        return error

    def compute_marginal_log_density(self, latent: Array) -> NDArray[np.float64]:
        """Log density `[n]` of `latent` whatever its class: the classes weighted by their training counts."""
        counts = np.array([card.training_count for card in self.manifest.classes])
        return compute_marginal_log_density(self.compute_log_density(latent), counts)

    @property
    def class_share(self) -> NDArray[np.float64]:
        """The share of each class among the training cases, `[n_classes]`; a class without cases counts as one."""
        counts = np.array([max(card.training_count, 1) for card in self.manifest.classes], np.float64)
        share: NDArray[np.float64] = counts / counts.sum()
        return share

    def compute_cluster_probabilities(self, latent: Array) -> NDArray[np.float64]:
        """The probability `[n, n_clusters]` that codes `[n, latent_dim]` are of each component of the mixture, numbered
        class by class. Raises `Unsupported`."""
        return self.require_mixture().compute_cluster_probabilities(latent.astype(np.float64), self.class_share)

    def require_mixture(self) -> MixtureParameters:
        """Return the mixture. Raises `Unsupported` where there is none."""
        if self.mixture is None:
            raise Unsupported(f"model {self.manifest.name!r} has no clusters: it has no mixture.")
        return self.mixture

    def compute_typicality(self, latent: Array) -> Array:
        """The share `[n]`, 0 … 1, of held-out training cases whose latent density is lower. Raises `Unsupported`."""
        return self.rank_log_density(self.compute_marginal_log_density(latent))

    @property
    def deviations(self) -> NDArray[np.float64]:
        """Standard deviation of each latent axis within classes, `[latent_dim]`: the root of the mean variance, classes
        weighted by their training counts; 1, as the prior has it, without a mixture."""
        if self.mixture is None:
            return np.ones(self.latent_dim)
        counts = np.maximum([card.training_count for card in self.manifest.classes], 1)
        pooled: NDArray[np.float64] = np.sqrt(np.average(self.mixture.deviations**2, axis=0, weights=counts))
        return pooled

    def rank_log_density(self, log_density: NDArray[np.floating]) -> Array:
        """The same of codes whose `log_density` `[n]` whatever their class is known."""
        self.require("typicality")
        quantiles = self.manifest.log_density_quantiles or []
        levels = np.linspace(0, 1, len(quantiles))
        share: Array = np.interp(log_density, quantiles, levels).astype(np.float32)
        return share

    def warm_up(self, batch_sizes: tuple[int, ...] = (1, 8, 64)) -> None:
        """Run every graph once per batch size, so that the first request finds memory and kernels ready."""
        shape = self.manifest.series
        if self.can("sample"):
            self.sample(0, 1, seed=0)
        if self.has("generate"):
            self.sample(len(self.manifest.classes) - 1, 1, seed=0)  # a graph may know fewer classes than the manifest
        for rows in batch_sizes:
            series = np.zeros((rows, shape.n_channels, shape.n_timepoints), np.float32)
            latent = self.encode(series)[0] if self.can("encode") else np.zeros((rows, self.latent_dim), np.float32)
            if self.has("density"):
                self.compute_log_density(latent)
            if self.has("decoder"):
                self.decode(latent)
            if self.can("classify"):
                self.classify(series)
                self.screen(series)


def _read_codes(manifest: Manifest, contents: dict[str, bytes]) -> TrainingCodes | None:
    if manifest.latent is None or manifest.codes is None:
        return None
    file = manifest.codes.file
    return read_codes(file, contents[file], manifest.codes.n_cases, manifest.latent.latent_dim)


def _read_mixture(manifest: Manifest, contents: dict[str, bytes]) -> MixtureParameters | None:
    if manifest.latent is None or manifest.mixture is None:
        return None
    file = manifest.mixture.file
    return read_mixture(file, contents[file], len(manifest.classes), manifest.latent.latent_dim)
