"""What a sweep searches: the options of the families chosen, by their own bounds, or as the user says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from training.configuration import FitConfiguration
from training.families import PACKAGES
from training.families.settings import NO_FAMILY
from training.options import Json, describe_options
from training.settings import ConfigurationError

FACTOR = 4.0
"""A number is searched from its default divided by this to its default times this, within its bounds."""

NOT_SEARCHED = ("steps",)
"""Options that say how long a trial takes; --space may name them all the same."""

Plain: TypeAlias = bool | int | float | str


@dataclass(frozen=True)
class Between:
    """Numbers from `low` to `high`; evenly by their logarithm, where `by_ratio`."""

    low: float
    high: float
    is_whole: bool
    by_ratio: bool


@dataclass(frozen=True)
class OneOf:
    """One of these values."""

    values: tuple[Plain, ...]


Domain: TypeAlias = Between | OneOf
Space: TypeAlias = dict[str, Domain]
"""By option, named as its flag is: classifier.learning_rate."""


def build_space(configuration: FitConfiguration, kinds: Sequence[str], given: Sequence[str] = ()) -> Space:
    """The options of the families of some kinds; where any are `given`, OPTION=LOW:HIGH or OPTION=A,B,C, these alone.

    Raises `ConfigurationError` for a kind of which no family is chosen, and for an option or value that there is not.
    """
    known = {f"{kind}.{option['name']}": option for kind in kinds for option in _describe(configuration, kind)}
    if given:
        space = dict(_read_domain(word, known) for word in given)
        for ends in _list_corners(space):
            apply(configuration, ends)  # bounds are the family's own to refuse
        return space
    found = {name: _choose_domain(option) for name, option in known.items() if option["name"] not in NOT_SEARCHED}
    allowed = {name: _keep_allowed(configuration, name, domain) for name, domain in found.items()}
    space = {name: domain for name, domain in allowed.items() if domain is not None}
    if not space:
        raise ConfigurationError(
            f"the families of {', '.join(kinds)} have no options to search; choose others, or name some with --space."
        )
    return space


def _describe(configuration: FitConfiguration, kind: str) -> list[Json]:
    family = getattr(configuration, kind, NO_FAMILY) if kind in PACKAGES else NO_FAMILY
    if family == NO_FAMILY:
        chosen = [own for own in PACKAGES if getattr(configuration, own) != NO_FAMILY]
        raise ConfigurationError(f"--search is {kind!r}, of which no family is chosen; there are: {', '.join(chosen)}.")
    return [{**option, "default": getattr(family, option["name"])} for option in describe_options(type(family))]


def _choose_domain(option: Json) -> Domain | None:
    """Where to search an option; None for one whose default says nothing of how large it may be."""
    if option.get("several"):
        return None
    if option["kind"] == "boolean":
        return OneOf((False, True))
    if option["kind"] == "choice":
        return OneOf(tuple(option["choices"]))
    low, high = option.get("minimum", option.get("above")), option.get("maximum", option.get("below"))
    if option["kind"] == "number" and (low, high) == (0, 1):
        return Between(0.0, 1.0, False, False)
    if option["kind"] not in ("number", "integer") or not option["default"] > 0:
        return None
    is_whole = option["kind"] == "integer"
    ends = option["default"] / FACTOR, option["default"] * FACTOR
    low, high = (ends[0] if low is None else max(low, ends[0])), (ends[1] if high is None else min(high, ends[1]))
    return Between(round(low), round(high), True, True) if is_whole else Between(low, high, False, True)


def _keep_allowed(configuration: FitConfiguration, name: str, domain: Domain | None) -> Domain | None:
    """A domain without the values that the family refuses beside its other options; None where no choice is left."""
    if not isinstance(domain, OneOf):
        return domain
    values = tuple(value for value in domain.values if _is_allowed(configuration, {name: value}))
    return OneOf(values) if len(values) > 1 else None


def _is_allowed(configuration: FitConfiguration, chosen: Mapping[str, Plain]) -> bool:
    try:
        apply(configuration, chosen)
    except ConfigurationError:
        return False
    return True


def _read_domain(word: str, known: Mapping[str, Json]) -> tuple[str, Domain]:
    name, equals, text = word.partition("=")
    name = name.replace("-", "_")
    if not equals or name not in known:
        raise ConfigurationError(
            f"--space is given {word!r}; give OPTION=LOW:HIGH or OPTION=A,B,C for one of: {', '.join(known)}."
        )
    kind = known[name]["kind"]
    try:
        if ":" in text and kind in ("number", "integer"):
            low, high = (_parse(end, kind) for end in text.split(":"))
            if not low < high:
                raise ValueError
            return name, Between(low, high, kind == "integer", low > 0)
        return name, OneOf(tuple(_parse(value, kind) for value in text.split(",")))
    except ValueError:
        raise ConfigurationError(
            f"--space is given {word!r}; {name} is a {kind}: give LOW:HIGH of two numbers, or values A,B,C."
        ) from None


def _parse(text: str, kind: str) -> Any:
    if kind == "boolean":
        return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else _refuse()
    return {"integer": int, "number": float}.get(kind, str)(text)


def _refuse() -> None:
    raise ValueError


def _list_corners(space: Space) -> Iterator[dict[str, Plain]]:
    """Values at either end of every domain, and each of a few."""
    for name, domain in space.items():
        values = (domain.low, domain.high) if isinstance(domain, Between) else domain.values
        yield from ({name: value} for value in values)


def list_defaults(configuration: FitConfiguration, space: Space) -> dict[str, Plain]:
    """What the configuration itself has for the options that are searched."""
    return {name: getattr(getattr(configuration, name.split(".")[0]), name.split(".")[1]) for name in space}


def apply(configuration: FitConfiguration, chosen: Mapping[str, Plain]) -> FitConfiguration:
    """The configuration with options set. Raises `ConfigurationError` for a value that a family refuses."""
    changed: dict[str, Any] = {}
    for name, value in chosen.items():
        kind, option = name.split(".")
        family = changed.get(kind, getattr(configuration, kind))
        changed[kind] = replace(family, **{option: value})
    return replace(configuration, **changed)


def describe_space(space: Space) -> dict[str, str]:
    """By option, in words."""
    return {
        name: f"{domain.low:g} to {domain.high:g}"
        if isinstance(domain, Between)
        else ", ".join(map(str, domain.values))
        for name, domain in space.items()
    }


def describe_chosen(chosen: Mapping[str, Plain]) -> str:
    """Options with their values, in words."""
    return ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in chosen.items()
    )
