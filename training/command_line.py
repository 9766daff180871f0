"""Families on a command line: `--vae NAME` chooses one, `--vae.kl-weight 0.1` sets one of its options.

Names are read first, so that an unknown one is refused at once and `--help` shows the options of the families named.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import replace

from training import families
from training.configuration import Companion, ConfigurationError, FitConfiguration
from training.families import PACKAGES
from training.families.settings import NO_FAMILY, FamilySettings
from training.former import FORMER, list_present
from training.settings import name_flag

ALIASES: dict[str, tuple[str, Companion]] = {"best": ("fcn", "hydra"), "fastest": ("fcn", "none")}
"""Of --classifier: a family, and its companion."""


def choose_families(arguments: Sequence[str], prefix: str = "") -> tuple[FitConfiguration, list[str]]:
    """The default configuration of the families that `arguments` name, and the arguments that are left for tyro.

    What is left has flags by today's names. `prefix` stands before the flags' names: "fit." for --fit.vae. Raises
    `ConfigurationError` for a family that is not known, with those there are.
    """
    left: list[str] = []
    named: dict[str, str] = {}
    companion = FitConfiguration().companion
    chosen = {kind: families.find_name(family) for kind, family in _list_chosen(FitConfiguration()).items()}
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        kind, value = _split(argument, prefix)
        if kind not in PACKAGES:
            left.append(argument)
            continue
        if value is None and not waiting:
            raise ConfigurationError(
                f"{argument} has no name after it; it must be one of: {', '.join(families.list_names(kind))}."
            )
        named[kind] = waiting.pop(0) if value is None else value
        if kind == "classifier":
            named[kind], companion = ALIASES.get(named[kind], (named[kind], "none"))
        families.import_family(kind, named[kind], prefix)
    _refuse_idle(left, named, prefix)
    chosen |= named
    default = FitConfiguration(**{kind: families.make_settings(kind, name) for kind, name in chosen.items()})
    default = replace(default, companion=companion)
    return default, _rename_flags(left, chosen, prefix)


def describe_families(configuration: FitConfiguration) -> str:
    """The families chosen and those there are, for a command's help."""
    own = {kind: families.find_name(family) for kind, family in _list_chosen(configuration).items()}
    lines = []
    for kind in PACKAGES:
        others = [name for name in families.list_names(kind) if name != own.get(kind)]
        there = f"{name_flag(kind)} {own[kind]}" if kind in own else f"no {name_flag(kind)}"
        lines.append(there + (f" (or {', '.join(others)})" if others else ""))
    return (
        f"Families: {'; '.join(lines)}. A generator has no encoder and stands in place of VAE and texture. Shown are "
        "the options of the families named; name another to see its own."
    )


def _list_chosen(configuration: FitConfiguration) -> dict[str, FamilySettings]:
    """The settings of each kind of which a family is chosen."""
    found: dict[str, FamilySettings] = {kind: getattr(configuration, kind) for kind in PACKAGES}
    return {kind: family for kind, family in found.items() if family != NO_FAMILY}


def _refuse_idle(left: Sequence[str], named: Collection[str], prefix: str) -> None:
    """Raise `ConfigurationError` where a generator is named, and something is set of what it stands in place of."""
    own = [_split(argument, prefix)[0].partition(".")[0] for argument in left]
    if "generator" in named and (idle := {"vae", "texture"}.intersection([*own, *named])):
        raise ConfigurationError(
            f"{name_flag(prefix + min(idle))} sets nothing beside {name_flag(prefix + 'generator')}, which stands in "
            "place of VAE and texture; leave one of them out."
        )


def _split(argument: str, prefix: str) -> tuple[str, str | None]:
    """The field that a flag sets, and the value that stands in the flag itself; "" for what is no flag."""
    start = f"--{prefix}"
    if not argument.startswith(start):
        return "", None
    name, equals, value = argument.removeprefix(start).partition("=")
    return name.replace("-", "_"), value if equals else None


def _rename_flags(arguments: list[str], chosen: dict[str, str], prefix: str) -> list[str]:
    """Flags by the names that they had before families had options become those of today."""
    renamed: list[str] = []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        former, value = _split(argument, prefix)
        if former not in FORMER:
            renamed.append(argument)
            continue
        values = [value] if value is not None else waiting[:1]
        del waiting[: value is None]
        present = list_present(former, chosen)
        for name in present:
            renamed += [name_flag(prefix + name), *values]
        if not present:
            print(f"warning: {argument} sets nothing: the families chosen have no such option.", file=sys.stderr)
    return renamed
