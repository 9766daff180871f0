"""What is compared: a family with the flags of `fit.py` that fit it, under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training import families
from training.configuration import ConfigurationError

FLAGS = {
    "vae": ("--policy", "latent", "--classifier", "fcn"),
    "generator": ("--policy", "latent", "--classifier", "fcn"),
    "classifier": ("--policy", "none", "--texture", "stored"),
}
"""By kind: what makes series is judged by the policy that adds them to the classifier's cases, a classifier by what it
makes of real cases alone; it needs none of the series that come with it, so that they take the quickest texture."""

PLAIN = "classifier-fcn"
"""The entry that has no policy: the uplift of the others is their accuracy less its."""


@dataclass(frozen=True)
class Entry:
    """A family to compare. `name` is "vae-dense" and the like, and the name of its bundles."""

    name: str
    kind: str
    flags: tuple[str, ...]


def list_entries() -> dict[str, Entry]:
    """Every family that makes series or classifies, by the entry's name."""
    found = {}
    for kind, flags in FLAGS.items():
        for family in families.list_names(kind):
            name = f"{kind}-{family}"
            found[name] = Entry(name, kind, ("--folds", "0", f"--{kind}", family, *flags))
    return found


def choose_entries(names: Sequence[str]) -> list[Entry]:
    """The entries named, or all where none is. A name is an entry's, or a kind for all entries of that kind.

    Raises `ConfigurationError` for a name that is not known, with those there are.
    """
    known = list_entries()
    for name in names:
        if name not in known and name not in FLAGS:
            raise ConfigurationError(f"--families has {name!r}; it may hold: {', '.join([*FLAGS, *known])}.")
    return [entry for entry in known.values() if not names or entry.name in names or entry.kind in names]
