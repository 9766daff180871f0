"""The latent over the epochs as moving pictures: in one plane, at one scale, in formats that other programs read."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from training.configuration import FitConfiguration
from training.learning.watcher import Look, Stage, Step
from training.watching.animation import MOST_FRAMES, write_animations, write_mp4
from training.watching.plane import GRID, find_plane
from training.watching.recording import MOST_KEPT, Recording
from training.watching.viewer import Subject

STAGE = Stage("VAE", 1000)


def make_recording(n_looks: int, latent_dim: int = 5, has_codes: bool = True) -> Recording:
    """Two classes of 15 cases that move apart, at epochs 0, 1, 2 …"""
    random = np.random.default_rng(0)
    class_index, codes = np.arange(30) % 2, random.normal(size=(30, latent_dim))
    series = random.normal(size=(2, 4, 50)).astype(np.float32)
    subject = Subject(
        name="pair",
        dataset="Pair",
        configuration=FitConfiguration(),
        labels=("$a", "b"),
        is_labelled=True,
        class_index=class_index,
        is_learned=np.arange(30) < 20,
        drawn=np.array([20, 21]),
        series=series,
        n_timepoints=50,
        kind="held-out split",
        channel_names=(),
    )
    recording = Recording(subject)
    recording.begin_stage(STAGE)
    for number in range(n_looks):
        latent = (codes + number * class_index[:, None]).astype(np.float32)
        recording.report_look(STAGE, Look(Step(number, number), {}, latent if has_codes else None, series))
    return recording


def test_webp_and_gif_have_a_frame_for_each_look_and_hold_the_last(tmp_path: Path) -> None:
    webp, gif, *_ = write_animations(make_recording(7), tmp_path)
    for file in (webp, gif):
        with Image.open(file) as image:
            assert image.size == (520, 520), file
            durations = [frame.copy().info["duration"] for frame in ImageSequence.Iterator(image)]
            colours = {pixel for _, pixel in image.convert("RGB").getcolors(520 * 520) or []}
        assert durations == [60] * 6 + [1500], file
        assert len(colours) > 10, "points are drawn"


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg is not installed")
def test_an_mp4_is_what_players_play(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (520, 520), (level, 90, 200)) for level in range(0, 250, 25)]
    file = write_mp4(frames, tmp_path)
    show = ["-show_entries", "stream=codec_name,pix_fmt,width,nb_frames", "-of", "json"]
    said = subprocess.run(["ffprobe", "-v", "error", *show, str(file)], capture_output=True, check=True, timeout=60)
    (stream,) = json.loads(said.stdout)["streams"]
    assert (stream["codec_name"], stream["pix_fmt"], stream["width"]) == ("h264", "yuv420p", 520)
    assert int(stream["nb_frames"]) == len(frames) + 25


def test_without_codes_there_is_no_animation(tmp_path: Path) -> None:
    assert write_animations(make_recording(7, has_codes=False), tmp_path) == []
    assert write_animations(make_recording(1), tmp_path) == [] and not list(tmp_path.iterdir())


def test_many_looks_are_thinned_out_and_the_last_stays(tmp_path: Path) -> None:
    recording = make_recording(MOST_KEPT + 30)
    assert MOST_KEPT / 2 < len(recording.looks) <= MOST_KEPT
    assert recording.looks[-1][1].step.number == MOST_KEPT + 29
    with Image.open(write_animations(recording, tmp_path)[1]) as gif:
        assert len(list(ImageSequence.Iterator(gif))) == MOST_FRAMES


@given(st.integers(0, 2**32 - 1), st.integers(3, 20), st.integers(2, 9))
def test_a_plane_shows_as_much_whichever_way_it_lies_and_lies_as_near_the_one_before_as_it_can(
    seed: int, n: int, latent_dim: int
) -> None:
    random = np.random.default_rng(seed)
    latent, other = random.normal(size=(2, n, latent_dim))
    alone, before = find_plane(latent), find_plane(other)
    turned = find_plane(latent, before)
    np.testing.assert_allclose(turned.axes.T @ turned.axes, np.eye(2), atol=1e-9)
    spreads = [np.square(plane.project(latent)).sum() for plane in (alone, turned)]
    np.testing.assert_allclose(*spreads)
    any_turn, _ = np.linalg.qr(random.normal(size=(2, 2)))
    distances = [np.linalg.norm(axes - before.axes) for axes in (turned.axes, turned.axes @ any_turn)]
    assert distances[0] <= distances[1] + 1e-9


def test_codes_of_one_value_lie_on_a_line_and_constant_ones_in_the_middle() -> None:
    recording = make_recording(3, latent_dim=1)
    places = np.array(recording.describe_look(2)["places"])
    assert len(np.unique(places[:, 0])) > 10 and np.unique(places[:, 1]).tolist() == [GRID / 2]
    still = make_recording(0)
    still.begin_stage(STAGE)
    still.report_look(STAGE, Look(Step(0, 0), {}, np.ones((30, 4)), still.subject.series))
    assert np.unique(still.describe_look(0)["places"]).tolist() == [GRID / 2]
