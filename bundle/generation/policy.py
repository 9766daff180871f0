"""A policy: where the cases that are added to a training set come from."""

from __future__ import annotations

from typing import Literal, get_args

PolicyName = Literal["none", "warps", "guided", "latent", "interpolation", "latent+warps", "interpolation+warps"]
"""What is added.

`latent`: series decoded from the class mixture; of real cases of the class, each moved towards such a code.
`interpolation`: real cases, each moved towards the latent code of another of its class. `warps`: real cases, warped.
`guided`: real cases, warped to the timing of another of their class (Iwana & Uchida, 2021). `…+warps`: the decoded or
moved series warped, and in training the real ones too. Training draws `latent` from the mixture alone.
"""

POLICIES: tuple[PolicyName, ...] = get_args(PolicyName)


def find_source(policy: PolicyName) -> Literal["none", "warps", "guided", "latent", "interpolation"]:
    """Return where a policy's cases come from, whether they are warped afterwards or not."""
    return policy.removesuffix("+warps")  # type: ignore[return-value]


def does_warp(policy: PolicyName) -> bool:
    """Whether a policy warps cases by chance."""
    return policy.endswith("warps")


def is_latent(policy: PolicyName) -> bool:
    """Whether a policy's cases are decoded from the latent space."""
    return find_source(policy) in ("latent", "interpolation")


def choose_possible(policy: PolicyName, n_given: int) -> PolicyName:
    """Return `policy`, or its substitute where a class has only `n_given` real cases.

    Without any, series come from the mixture; one that has no other to be guided by is warped.
    """
    if n_given == 0 and policy != "none":
        return "latent+warps" if policy.endswith("+warps") else "latent"
    return "warps" if policy == "guided" and n_given == 1 else policy
