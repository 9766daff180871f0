"""The names that the column `policy` may hold, and what each is compared with."""

from __future__ import annotations

from typing import cast, get_args

from bundle.finding import list_modules
from bundle.generation.policy import POLICIES, PolicyName

PEERS = "training.evaluation.peers"
CHOSEN = ("auto", "auto-without-latent")
PAIRS = ("none-pair", "auto-pair")
"""The averaged probabilities of two networks: of two seeds without, and of one without and the one that auto chose."""
CLASS_WEIGHTS = "class-weights"
"""Real cases alone, weighed so that classes count alike (scikit-learn's `class_weight="balanced"`)."""
FREE = (CLASS_WEIGHTS, "smote")
"""What costs a user nothing, and what cases are to beat where classes are imbalanced."""
BALANCED_WARPS = "oversampling+warps"
"""Real cases drawn equally often from each class, and warped as they are drawn."""


def list_peers() -> tuple[str, ...]:
    """Other people's methods: the modules of `training/evaluation/peers/`."""
    return tuple(list_modules(PEERS))


def list_known() -> tuple[str, ...]:
    """Every policy."""
    return (*POLICIES, *CHOSEN, *PAIRS, CLASS_WEIGHTS, BALANCED_WARPS, *list_peers())


def adds_cases(policy: str) -> bool:
    """Whether a policy is a set of synthetic cases that can be put beside the real ones (for none: an empty one)."""
    return policy in (*POLICIES, *CHOSEN, *list_peers())


def find_ours(policy: str) -> PolicyName | None:
    """The policy where it is one of ours."""
    return cast(PolicyName, policy) if policy in get_args(PolicyName) else None


def choose_baseline(policy: str) -> str:
    """What a policy is compared with: one model without augmentation, or an averaged pair of them."""
    return "none-pair" if policy in PAIRS else "none"
