"""The roles of a bundle's graphs: which of them belong together, and what a bundle can do with those that it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from bundle.generation.policy import POLICIES, PolicyName, find_source

Ways = tuple[frozenset[str], ...]
"""Sets of roles, of which any one is enough."""


def _list_ways(*ways: str) -> Ways:
    return tuple(frozenset(way.split()) for way in ways)


ROLES = ("encoder", "decoder", "mixture", "density", "texture", "generate", "blend", "classifier", "screener")
"""The roles that this version runs. A graph of another role is verified like these, and is not run."""

BESIDE: Mapping[str, Ways] = {
    "decoder": _list_ways("encoder", "mixture"),
    "mixture": _list_ways("decoder"),
    "density": _list_ways("encoder", "mixture"),
    "texture": _list_ways("decoder"),
    "blend": _list_ways("generate"),
    "screener": _list_ways("classifier"),
}
"""What a graph of a role is of no use without."""

LATENT = frozenset({"encoder", "decoder", "mixture", "density"})
"""Roles that take or give latent codes."""

NEW_SERIES = _list_ways("mixture decoder", "generate")
"""What makes series of a class from nothing but noise."""

OPERATIONS: Mapping[str, Ways] = {
    "encode": _list_ways("encoder"),
    "reconstruct": _list_ways("encoder decoder"),
    "sample": NEW_SERIES,
    "augment": (*NEW_SERIES, *_list_ways("encoder decoder")),
    "classify": _list_ways("classifier"),
    "complete": _list_ways("mixture decoder"),
    "decode": _list_ways("decoder"),
    "interpolate": _list_ways("decoder"),
    "traverse": _list_ways("decoder"),
    "blend": _list_ways("blend"),
    "neighbours": _list_ways("encoder codes"),
}
"""What each operation needs: graphs of these roles; "codes" stands for those of training cases, kept beside them."""

JUDGEMENTS: Mapping[str, Ways] = {"typicality": _list_ways("encoder density"), "judge": _list_ways("density")}
"""What judging codes needs: typicality the manifest's calibration too, and their log density a density alone."""

VERBAL = ("generate", "blend")
"""Roles whose names are verbs."""

VERBS = {
    "blend": "blend classes",
    "neighbours": "find neighbours",
    "typicality": "judge typicality",
    "judge": "judge how dense codes lie",
}
"""What a bundle does, where the name is no verb."""

SOURCES: Mapping[str, Ways] = {
    "latent": NEW_SERIES,
    "interpolation": _list_ways("encoder decoder"),
    "warps": _list_ways(""),
    "guided": _list_ways(""),
}
"""What the source of each policy needs (`bundle/generation/policy.py`)."""


def has_one_of(ways: Ways, roles: Collection[str]) -> bool:
    """Whether `roles` hold all of one of the ways."""
    return any(way.issubset(roles) for way in ways)


def list_operations(roles: Collection[str]) -> list[str]:
    """List the operations that a bundle with graphs of these roles can do."""
    return [operation for operation, ways in OPERATIONS.items() if has_one_of(ways, roles)]


def list_policies(roles: Collection[str]) -> list[PolicyName]:
    """List the policies that a bundle with graphs of these roles can follow; none where it cannot augment."""
    if not has_one_of(OPERATIONS["augment"], roles):
        return []
    making = [policy for policy in POLICIES if policy != "none"]
    return [policy for policy in making if has_one_of(SOURCES[find_source(policy)], roles)]


def describe_lack(ways: Ways, roles: Collection[str]) -> str:
    """Describe what `roles` lack for each of the ways: "no encoder", "no mixture, and no generate graph"."""
    order = {role: place for place, role in enumerate((*ROLES, "codes"))}
    lacking = [sorted(way.difference(roles), key=order.__getitem__) for way in ways]
    words = [" or ".join(f"{role} graph" if role in VERBAL else role for role in way) for way in lacking]
    return ", and ".join(f"no {some}" for some in dict.fromkeys(words))


def describe_all(names: Iterable[str]) -> str:
    """Describe what a bundle can do: the names with commas, or "nothing"."""
    return ", ".join(names) or "nothing"


def find_misfit(roles: Collection[str]) -> str | None:
    """Return why graphs of these roles make no bundle, as a sentence; None where they do."""
    for role, ways in BESIDE.items():
        if role in roles and not has_one_of(ways, roles):
            return f"there is a graph {role}, which is of no use here: it has {describe_lack(ways, roles)} beside it"
    if {"mixture", "generate"}.issubset(roles):
        return "there are graphs mixture and generate; a bundle makes new series in one of these ways"
    if not list_operations(roles):
        return (
            f"the graphs ({describe_all(roles)}) can do nothing; a bundle needs an encoder, a classifier, a mixture "
            "with a decoder, or a generate graph"
        )
    return None
