"""Ways of following a texture's flow are compared with the same weights, and by the measures that the table names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from training.data.generators import sines
from training.evaluation.textures import (
    BANDS,
    MEASURES,
    WAYS,
    compute_power_ratios,
    follow_otherwise,
    main,
    read_rows,
    write_table,
)
from training.families.textures.flow import EulerTexture, FlowTexture
from training.learning.cases import TrainingCases
from training.learning.generator import Generator


def test_every_way_has_the_weights_of_the_fit_and_makes_other_series_of_the_same_noise(generator: Generator) -> None:
    own = generator.texture
    assert isinstance(own, FlowTexture)
    ways = {name: follow_otherwise(generator, way) for name, way in WAYS.items()}
    for other in ways.values():
        assert isinstance(other.texture, FlowTexture) and other.texture.mixer is own.mixer
    assert isinstance(ways["8 Euler steps"].texture, EulerTexture) and ways["8 Euler steps"].texture.steps == 8
    made = {name: other.sample(np.array([4, 0, 0, 0]), 1).series for name, other in ways.items()}
    np.testing.assert_array_equal(made["2 evaluations"], generator.sample(np.array([4, 0, 0, 0]), 1).series)
    assert len({series.tobytes() for series in made.values()}) == len(WAYS)


def test_series_twice_as_high_have_four_times_the_power_in_every_band(cases: TrainingCases) -> None:
    higher = replace(cases, series=2 * cases.series)
    assert compute_power_ratios(higher, cases) == pytest.approx([4.0] * BANDS)


def test_the_table_is_of_means_over_datasets_and_leaves_out_what_could_not_be_measured() -> None:
    def make_row(dataset: str, score: float) -> dict[str, str]:
        values = dict.fromkeys(MEASURES, "1.0") | {MEASURES[0]: str(score)}
        return {"dataset": dataset, "seed": "0", "fold": "0", "way": "2 evaluations"} | values

    rows = [make_row("a", 0.1), make_row("a", 0.3), make_row("b", 0.4), make_row("b", float("nan"))]
    lines = write_table(rows).splitlines()
    assert len(lines) == 5 and lines[2].startswith("| 2 evaluations | 0.300 | 1.000 |")


@pytest.mark.long
def test_a_run_that_has_ended_measures_nothing_again(tmp_path: Path) -> None:
    train, _ = sines.generate(sines.Settings())
    folder = tmp_path / "Sines"
    folder.mkdir()
    rows = np.column_stack([np.array(train.labels), np.asarray(train.series)[:, 0]])
    for part in ("TRAIN", "TEST"):
        np.savetxt(folder / f"Sines_{part}.tsv", rows, delimiter="\t")
    arguments = [str(tmp_path / "rows.csv"), "--data", str(tmp_path), "--datasets", "Sines", "--seeds", "1"]
    assert main(arguments) == 0
    before = (tmp_path / "rows.csv").read_bytes()
    assert len(read_rows(tmp_path / "rows.csv")) == 2 * len(WAYS)
    assert main(arguments) == 0 and (tmp_path / "rows.csv").read_bytes() == before
