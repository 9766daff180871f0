"""Settings by the names that they had before families had options of their own: flags and manifests that hold them."""

from __future__ import annotations

from typing import Any

from training.families import PACKAGES, list_options

FORMER = {
    "latent_dim": ("vae.latent_dim",),
    "vae_steps": ("vae.steps",),
    "kl_weight": ("vae.kl_weight",),
    "kl_warm_up": ("vae.kl_warm_up",),
    "class_weight": ("vae.class_weight",),
    "warp_probability": ("vae.warp_probability", "policy_warp_probability"),
    "texture_fit_steps": ("texture.steps",),
    "texture_steps": ("texture.euler_steps",),
    "classifier_steps": ("classifier.steps",),
    "learning_rate": ("vae.learning_rate", "texture.learning_rate", "classifier.learning_rate"),
    "weight_decay": ("vae.weight_decay", "texture.weight_decay", "classifier.weight_decay"),
    "batch_size": ("vae.batch_size", "texture.batch_size", "classifier.batch_size"),
}
"""What each field of a flat configuration is called now; it may have become one for each family."""


def list_present(former: str, chosen: dict[str, str]) -> list[str]:
    """The names that a former setting has now, without those that the families `chosen`, by kind, do not have."""
    return [name for name in FORMER[former] if _is_present(name, chosen)]


def _is_present(name: str, chosen: dict[str, str]) -> bool:
    kind, dot, option = name.partition(".")
    return not dot or option in list_options(kind, chosen[kind])


def rename_former(record: dict[str, Any]) -> dict[str, Any]:
    """The record of a flat configuration by today's names; one of today's as it is.

    An option that its family does not have, which no fit looked at, is left out.
    """
    if not any(isinstance(record.get(kind), str) for kind in PACKAGES):
        return record
    chosen = {kind: record[kind] for kind in PACKAGES if kind in record}
    renamed = {name: value for name, value in record.items() if name not in FORMER}
    families: dict[str, dict[str, Any]] = {kind: {"family": name} for kind, name in chosen.items()}
    for former, value in record.items():
        for name in list_present(former, chosen) if former in FORMER else ():
            kind, dot, option = name.partition(".")
            if dot:
                families[kind][option] = value
            else:
                renamed[name] = value
    return renamed | families
