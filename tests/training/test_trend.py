"""The trend VAE: what it decodes is the sum of a level, a polynomial, seasons and what is left."""

from __future__ import annotations

import json

import pytest
import torch

from training.families import read_settings, record_settings
from training.families.settings import Size
from training.families.vae.trend import Settings, TrendVAE, build
from training.fit import parse_arguments
from training.settings import ConfigurationError

SIZE = Size(n_cases=8, n_channels=2, n_timepoints=30, n_classes=2)
LATENT = torch.randn(5, 16, generator=torch.Generator().manual_seed(0))


def make_model(**options: object) -> TrendVAE:
    torch.manual_seed(0)
    return build(SIZE, Settings(**options))  # type: ignore[arg-type]


@torch.no_grad()
def test_a_decoded_series_is_the_sum_of_its_parts() -> None:
    model = make_model(seasonalities=((5, 1), (2, 3)))
    parts = model.decode_parts(LATENT)
    assert list(parts) == ["level", "trend", "seasons_1", "seasons_2", "residual"]
    torch.testing.assert_close(model.decode(LATENT), torch.stack(list(parts.values())).sum(dim=0))


@torch.no_grad()
def test_each_part_has_the_form_that_its_name_says() -> None:
    parts = make_model(degree=2, seasonalities=((5, 2),)).decode_parts(LATENT)
    assert torch.equal(parts["level"], parts["level"][..., :1].expand(-1, -1, 30))
    assert parts["trend"][..., 0].abs().max() < 1e-6
    assert parts["trend"].double().diff(n=3).abs().max() < 1e-5 < parts["trend"].diff(n=2).abs().max()
    assert torch.equal(parts["seasons_1"][..., 10:], parts["seasons_1"][..., :-10])
    assert torch.equal(parts["seasons_1"][..., ::2], parts["seasons_1"][..., 1::2])
    assert len(parts["seasons_1"][0, 0].unique()) == 5


@torch.no_grad()
def test_parts_can_be_left_out() -> None:
    assert list(make_model(degree=0, residual=False).decode_parts(LATENT)) == ["level"]
    assert list(make_model(degree=1, residual=False).decode_parts(LATENT)) == ["level", "trend"]


def test_seasonalities_are_pairs_on_the_command_line_and_in_a_manifest() -> None:
    chosen = parse_arguments(["--vae=trend", "--vae.seasonalities", "7", "1", "12", "30"]).vae
    assert isinstance(chosen, Settings) and chosen.seasonalities == ((7, 1), (12, 30))
    assert read_settings("vae", json.loads(json.dumps(record_settings(chosen)))) == chosen


@pytest.mark.parametrize("pair", [(1, 3), (4, 0), (4, 10**6)])
def test_a_seasonality_of_one_season_or_of_no_length_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ConfigurationError, match=f"--vae.seasonalities has the pair {pair[0]} {pair[1]}; it must be"):
        Settings(seasonalities=((7, 1), pair))
