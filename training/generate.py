"""`seriesmith generate`: a generated dataset is written to a file, by the flags that make the same dataset in a fit."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # before what takes seconds to import
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("generate")

import tyro

from training.data import DatasetError
from training.data.discover import find_generator, list_generators
from training.data.generated import NO_OPTIONS, Options
from training.data.writing import list_suffixes, write_cases
from training.generator_options import choose_options, describe_generators
from training.settings import ConfigurationError


@dataclass(frozen=True)
class GenerateConfiguration:
    """Write a generated dataset to a file. The same options make the same dataset in `fit.py --dataset NAME`."""

    name: tyro.conf.Positional[str]
    """The generator."""
    out: Path
    """File for the training cases; its suffix says the format."""
    test_out: Path | None = None
    """File for the test cases (default: they are not written)."""
    long: bool = False
    """Write a table with a row for each timepoint; series with times of their own are written so in any case."""
    generator: Options = NO_OPTIONS
    """Options of the generator."""


def generate(configuration: GenerateConfiguration) -> None:
    """Write the files, and say what was written. Raises `DatasetError`, `ConfigurationError` or `OSError`."""
    found = find_generator(configuration.name)
    if found is None:
        raise ConfigurationError(
            f"there is no generator {configuration.name!r}; there are: {', '.join(list_generators())}."
        )
    train, test = found.generate(configuration.generator)
    for path, cases in ((configuration.out, train), (configuration.test_out, test)):
        if path is None or cases is None:
            continue
        notes = write_cases(path, cases, long=configuration.long)
        print(f"{path}: {len(cases.series)} cases")
        for note in (*cases.notes, *notes):
            print(f"note: {note}", file=sys.stderr)


def parse_arguments(arguments: list[str], prog: str) -> GenerateConfiguration:
    """What a command line asks for; the generator that it names gives its options."""
    words = [argument for argument in arguments if not argument.startswith("-")]
    name = next((word for word in words if find_generator(word)), next(iter(words), None))
    options = choose_options(name, arguments)
    description = (
        f"{GenerateConfiguration.__doc__}\n\n{describe_generators()} Formats: {', '.join(list_suffixes())}.\n\n"
        "With --bundle: series of a bundle, in bulk; see --bundle NAME --help."
    )
    default = GenerateConfiguration(name or tyro.MISSING, tyro.MISSING, generator=options)
    return tyro.cli(GenerateConfiguration, default=default, args=arguments, prog=prog, description=description)


def main(arguments: list[str] | None = None, prog: str = "generate.py") -> int:
    """The command line; answers the exit status."""
    try:
        generate(parse_arguments(sys.argv[1:] if arguments is None else arguments, prog))
    except (ConfigurationError, DatasetError, OSError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    return 0
