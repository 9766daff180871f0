"""A repository of bundles on disk: names, versions, the latest that verifies, and what was refused and why."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from pathlib import Path

from models.bundle import Bundle
from models.errors import BundleError, NotFound
from models.manifest import NAME_PATTERN
from models.sessions import Runtime
from models.showing import show
from models.unloading import REASON, unloaded_up_to

SHIPPED = Path(__file__).resolve().parent
"""Where the shipped bundles lie, and where fits publish unless told otherwise."""

Key = tuple[str, int]
Identity = tuple[int, int]
"""Which directory it was, and when it changed: inode and modification time in nanoseconds."""

logger = logging.getLogger(__name__)


def versions_on_disk(root: Path) -> dict[str, list[int]]:
    """Versions per name, ascending, of what looks like a bundle. Raises `NotFound` when `root` is no directory."""
    if not root.is_dir():
        raise NotFound(
            f"the model repository {root} is not a directory; give another with --models or SERIESMITH_MODELS."
        )
    found: dict[str, list[int]] = {}
    for manifest in root.glob("*/*/manifest.json"):
        name, version = manifest.parts[-3:-1]
        if re.fullmatch(NAME_PATTERN, name) and re.fullmatch(r"[1-9][0-9]*", version):
            found.setdefault(name, []).append(int(version))
    return {name: sorted(versions) for name, versions in sorted(found.items())}


@dataclass(frozen=True)
class Refusal:
    """Why a bundle is not served: something is wrong with it, or it was unloaded `on_request`."""

    reason: str
    on_request: bool = False


@dataclass(frozen=True)
class Repository:
    """What `root` held at one moment: the loaded bundles, and the reasons why others were refused."""

    root: Path
    runtime: Runtime = field(default_factory=Runtime)
    bundles: dict[Key, Bundle] = field(default_factory=dict)
    refused: dict[Key, Refusal] = field(default_factory=dict)
    identities: dict[Key, Identity | None] = field(default_factory=dict)

    def refreshed(self, keep: int = 3) -> Repository:
        """The same repository now: per name, the newest `keep` versions that verify.

        What was loaded or refused is not read again, unless its directory is another one or has changed.
        """
        identities: dict[Key, Identity | None] = {}
        bundles: dict[Key, Bundle] = {}
        refused: dict[Key, Refusal] = {}
        for name, versions in versions_on_disk(self.root).items():
            kept, unloaded = 0, unloaded_up_to(self.root / name)
            for version in reversed(versions):
                if kept == keep:
                    break
                if version <= unloaded:
                    refused[name, version] = Refusal(REASON, on_request=True)
                    break
                identities[name, version] = identity = _identity(self.root / name / str(version))
                answer = self._known_or_loaded((name, version), identity)
                if isinstance(answer, Bundle):
                    bundles[name, version] = answer
                    kept += 1
                else:
                    refused[name, version] = answer
        return Repository(self.root, self.runtime, bundles, refused, identities)

    def _known_or_loaded(self, key: Key, identity: Identity | None) -> Bundle | Refusal:
        if identity is None:
            return Refusal("it was removed while it was looked at.")
        known = self.bundles.get(key) or self.refused.get(key)
        if known and self.identities.get(key) == identity:
            return known
        try:
            bundle = Bundle.load(self.root / key[0] / str(key[1]), self.runtime)
            bundle.warm_up()
        except BundleError as error:
            return Refusal(error.message)
        except Exception as error:  # whatever one bundle holds, the others are served
            logger.exception("%s/%d verifies but does not run", *key)
            return Refusal(f"it verifies but does not run: {error}")
        return bundle

    def versions(self, name: str) -> list[int]:
        """Loaded versions of a name, ascending."""
        return sorted(version for known, version in self.bundles if known == name)

    @property
    def names(self) -> list[str]:
        """Names with a loaded version."""
        return sorted({name for name, _ in self.bundles})

    def resolve(self, model: str | None) -> Bundle:
        """The bundle that `name`, `name/version` or, where only one name is served, nothing, stands for.

        Raises `NotFound` with the names or versions there are.
        """
        if model is None:
            if len(self.names) != 1:
                raise NotFound(
                    f"the request names no model, and {len(self.names)} are served; set 'model' to one of: "
                    f"{', '.join(self.names) or '(none)'}.",
                    "model",
                )
            model = self.names[0]
        name, _, version = model.partition("/")
        versions = self.versions(name)
        if not versions:
            raise NotFound(f"no model {show(name)} is served; there is: {', '.join(self.names) or '(none)'}.", "model")
        number = versions[-1] if "/" not in model else int(version) if re.fullmatch("[1-9][0-9]{0,8}", version) else 0
        if number not in versions:
            served = ", ".join(map(str, versions))
            raise NotFound(f"model {name!r} has no version {show(version)} here; it has: {served}.", "model")
        return self.bundles[name, number]


def _identity(directory: Path) -> Identity | None:
    try:
        status = directory.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns
