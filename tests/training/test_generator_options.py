"""A generator's options go from the command line to the manifest and back, and mean the same in every command."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from bundle.manifest import read_manifest
from tests.training.test_fit import make_brief
from training import console, families
from training.configuration import FitConfiguration
from training.data import load
from training.data.discover import find_generator, list_generators
from training.data.generators import auto_regressive, gaussian_process, harmonic
from training.data.load import load_source
from training.fit import fit_and_publish, parse_arguments, read_configuration
from training.generator_options import find_value
from training.settings import ConfigurationError


def test_flags_set_the_options_of_the_generator_that_is_named() -> None:
    flags = ["--dataset=gaussian_process", "--generator.kernel", "matern", "--generator.nu=2.5"]
    assert parse_arguments(flags).generated == gaussian_process.Settings(kernel="matern", nu=2.5)
    assert parse_arguments(["--dataset", "harmonic"]).generated == harmonic.Settings()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            ["--dataset=harmonic", "--generator.kernel=matern"],
            "harmonic has no option --generator.kernel; it has: ",
        ),
        (
            ["--dataset=GunPoint", "--generator.kernel=matern"],
            "'GunPoint' is none; there are: auto_regressive",
        ),
        (["--generator.kernel=matern"], "none is named; there are"),
        (["--dataset=sines", "--generator.seed=1"], "sines has no option --generator.seed; it has: none"),
        (["--dataset=harmonic", "--data=x.csv", "--generator.period=9"], "none is named; there are"),
        (["--dataset=harmonic", "--generator.period=1"], "--generator.period is 1.0; it must be at least 2"),
    ],
)
def test_options_that_are_nobodys_are_refused_with_those_there_are(flags: list[str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_arguments(flags)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [([], None), (["--a"], None), (["--a", "1"], "1"), (["--a=1", "--a", "2"], "2"), (["--ab=1"], None)],
)
def test_the_last_value_of_a_flag_counts(arguments: list[str], value: str | None) -> None:
    assert find_value("--a", arguments) == value


@pytest.mark.parametrize("family", families.list_names("generator"))
def test_a_family_and_a_generator_of_data_have_options_beside_each_other(family: str) -> None:
    """Both have the prefix --generator., so that no option of one may be called as one of the other."""
    configuration = parse_arguments(["--dataset=harmonic", f"--generator={family}", "--generator.period=9"])
    assert configuration.generated == harmonic.Settings(period=9)
    of_family = {field.name for field in fields(configuration.generator)}
    for name in list_generators():
        generator = find_generator(name)
        assert generator is not None and not of_family & {field.name for field in fields(generator.Settings)}


@pytest.mark.parametrize("name", list_generators())
def test_options_survive_their_record(name: str) -> None:
    configuration = parse_arguments([f"--dataset={name}"])
    assert FitConfiguration.from_record(configuration.record(), None) == configuration


def test_options_that_are_tuples_survive_their_record() -> None:
    configuration = FitConfiguration(
        dataset="auto_regressive", generated=auto_regressive.Settings(coefficients=(0.5, 0.25))
    )
    assert FitConfiguration.from_record(configuration.record(), None) == configuration


@pytest.mark.long
def test_a_fit_records_the_options_and_can_be_repeated_from_them(tmp_path: Path) -> None:
    settings = harmonic.Settings(n_cases=12, n_timepoints=24, period=8.0, seed=5)
    directory = fit_and_publish(make_brief(dataset="harmonic", generated=settings, models=tmp_path))
    assert directory is not None
    manifest = read_manifest((directory / "manifest.json").read_bytes())
    again = read_configuration(tmp_path, "harmonic", 1)
    assert again.generated == settings
    assert load_source(again).sha256 == manifest.provenance.dataset_sha256


def test_the_command_writes_the_dataset_that_a_fit_makes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--generator.n-cases=8", "--generator.n-channels=2", "--generator.seed=3"]
    train, test = tmp_path / "my" / "harmonic_TRAIN.ts", tmp_path / "my" / "harmonic_TEST.ts"
    assert console.main(["generate", "--out", str(train), "harmonic", *options, f"--test-out={test}"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{train}: 8 cases", f"{test}: 8 cases"]
    found = load(data=tmp_path / "my")
    expected = load("harmonic", generated=harmonic.Settings(n_cases=8, n_channels=2, seed=3))
    np.testing.assert_array_equal(found.train.series, expected.train.series)
    assert found.test is not None and expected.test is not None
    np.testing.assert_array_equal(found.test.series, expected.test.series)
    assert list(map(str, expected.train.labels or ())) == list(map(str, found.train.labels or ()))


def test_the_command_says_what_the_format_could_not_hold_and_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert console.main(["generate", "narma", "--out", str(tmp_path / "a.csv"), "--generator.keep-share=0.5"]) == 0
    first, second = capsys.readouterr().err.splitlines()
    assert first == "note: sampled irregularly: each series keeps 64 of 128 timepoints"
    assert second.startswith("note: the table is long")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["narmma", "--out", "a.csv"], "there is no generator 'narmma'; there are: auto_regressive"),
        (["narmma", "--out", "a.csv", "--generator.order=3"], "'narmma' is none; there are: auto_regressive"),
        (["narma", "--out", "a.txt"], "suffix '.txt'"),
        (["narma", "--out", "a.csv", "--generator.order=0"], "--generator.order is 0; it must be at least 1"),
    ],
)
def test_the_command_refuses_in_a_sentence(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert console.main(["generate", *arguments]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("seriesmith generate: ") and words in sentence
    assert not list(tmp_path.iterdir())
