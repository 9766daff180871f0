"""Options of generators on a command line, `--generator.kernel matern`, and in a manifest's record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from typing import Any

from training.data.discover import find_generator, list_generators
from training.data.generated import NO_OPTIONS, Options
from training.settings import ConfigurationError, name_flag

PREFIX = "generator."


def choose_options(dataset: str | None, arguments: Sequence[str], others: Collection[str] = ()) -> Options:
    """The options, at their defaults, of the generator called `dataset`; none where no generator is called so
    or it has none.

    Raises `ConfigurationError` where `arguments` set an option that it does not have, with those there are; `others`
    are the options of what is not a generator of data and has the same prefix; "no-" before one may turn it off.
    """
    generator = find_generator(dataset) if dataset else None
    options = NO_OPTIONS if generator is None else generator.Settings()
    known = [name_flag(PREFIX + field.name) for field in fields(options)]
    flags = [argument.partition("=")[0].replace("_", "-") for argument in arguments]
    allowed = {*known, *(name_flag(PREFIX + form) for name in others for form in (name, f"no_{name}"))}
    unknown = [flag for flag in flags if flag.startswith(f"--{PREFIX}") and flag not in allowed]
    if not unknown:
        return options if known else NO_OPTIONS
    if generator is None:
        what = f"{dataset!r} is none" if dataset else "none is named"
        raise ConfigurationError(
            f"{unknown[0]} is an option of a generator, and {what}; there are: {', '.join(list_generators())}."
        )
    raise ConfigurationError(
        f"the generator {dataset} has no option {unknown[0]}; it has: {', '.join(known) or 'none'}."
    )


def find_value(flag: str, arguments: Sequence[str]) -> str | None:
    """What a command line sets a flag to, the last time it does; None where it does not."""
    found = None
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == flag:
            found = value if equals else next(iter(arguments[place + 1 :]), None)
    return found


def describe_generators() -> str:
    """All generators, for a command's help."""
    return f"Generators: {', '.join(list_generators())}. Name one to see its options."


def record_options(options: Options) -> dict[str, Any]:
    """As a manifest holds them: plain JSON values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(options).items()}


def read_options(dataset: str | None, record: dict[str, Any]) -> Options:
    """What `record_options` recorded. Raises `ConfigurationError` for a generator or option not known here."""
    if not record:
        return NO_OPTIONS
    options = choose_options(dataset, [name_flag(PREFIX + name) for name in record])
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}
    return type(options)(**values)
