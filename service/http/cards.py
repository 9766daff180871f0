"""What `GET /models` says of each model."""

from __future__ import annotations

from typing import Any

from bundle.engine.bundle import Bundle
from bundle.errors import NotFound
from service.advising import advise, choose_policy
from service.operations import OPERATIONS
from service.serving import Serving


def build_card(serving: Serving, name: str) -> dict[str, Any]:
    """Return one model's card, made from its newest version. Raises `NotFound` with the names there are."""
    if "/" in name:
        raise NotFound(f"{name!r} is not a model's name; ask for /models/<name>.", "name")
    bundle = serving.repository.resolve(name)
    return {
        **_describe(bundle),
        "versions": serving.repository.list_versions(name),
        "provider": bundle.provider,
    }


def list_cards(serving: Serving) -> dict[str, Any]:
    """Return every model's card, and the versions that were refused with the reasons."""
    refused = [
        {"name": name, "version": version, "reason": reason}
        for (name, version), reason in sorted(serving.refused.items())
    ]
    return {"models": [build_card(serving, name) for name in serving.repository.names], "refused": refused}


def _describe(bundle: Bundle) -> dict[str, Any]:
    """`policy` is what `/augment` takes "auto" for, and `advice` what it says of that; null where it cannot augment."""
    manifest, latent = bundle.manifest, bundle.manifest.latent
    policy = choose_policy(bundle) if bundle.can("augment") else None
    return {
        "name": manifest.name,
        "version": manifest.version,
        "dataset": manifest.provenance.dataset,
        "labelled": manifest.labelled,
        "classes": [card.model_dump() for card in manifest.classes],
        "series": manifest.series.model_dump(exclude_none=True),
        "operations": [name for name, operation in OPERATIONS.items() if operation.is_offered_by(bundle)],
        "latent_dim": latent.latent_dim if latent else None,
        "expansion": latent.expansion if latent else None,
        "texture": "texture" in manifest.graphs,
        "texture_steps": manifest.texture_steps,
        "policy": policy,
        "policies": bundle.policies,
        "advice": advise(manifest, policy) if policy else None,
        "metrics": manifest.metrics.model_dump(),
    }
