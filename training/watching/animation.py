"""The latent over the epochs as moving pictures: WebP and GIF, and MP4 where ffmpeg is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from training.report.drawing import make_plain, spread_indices, use_style
from training.watching.pictures import make_map
from training.watching.recording import Recording

NAME = "latent"

MOST_FRAMES = 100
FRAME_MS, LAST_MS = 60, 1500
"""How long a frame stands, and the last one before the first comes again."""

N_COLOURS = 64


def write_animations(recording: Recording, directory: Path) -> list[Path]:
    """Write `latent.webp` and `latent.gif`, and `latent.mp4` where ffmpeg is installed; nothing where less than two
    looks have codes. All frames lie in the plane of the last one's principal components."""
    frames = reduce_colours(list(draw_frames(recording)))
    if len(frames) < 2:
        return []
    directory.mkdir(parents=True, exist_ok=True)
    written = [write_webp(frames, directory), write_gif(frames, directory)]
    return [*written, write_mp4(frames, directory)] if shutil.which("ffmpeg") else written


def draw_frames(recording: Recording) -> Iterator[Image.Image]:
    """The looks that have codes, at most MOST_FRAMES of them, evenly spread, the last one last."""
    looks = [(stage, look) for stage, look in recording.looks if look.latent is not None]
    if not looks:
        return
    with use_style():
        figure, axes, scatters = make_map(recording.subject)
        title = axes.set_title("", animated=True)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib's backends are not typed
        background = canvas.copy_from_bbox(figure.bbox)  # type: ignore[no-untyped-call]
        for number in spread_indices(len(looks), MOST_FRAMES):
            stage, look = looks[number]
            assert look.latent is not None, "they were chosen by it"
            places = recording.place(look.latent)
            canvas.restore_region(background)  # type: ignore[no-untyped-call]
            title.set_text(f"{make_plain(stage.title)}, epoch {look.step.epochs:.0f}")
            axes.draw_artist(title)
            for chosen, scatter in scatters:
                scatter.set_offsets(places[chosen])
                axes.draw_artist(scatter)
            pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
            yield Image.fromarray(pixels).convert("RGB")


def reduce_colours(frames: Sequence[Image.Image]) -> list[Image.Image]:
    """The same few colours in all frames, so that files are small and nothing flickers."""
    if not frames:
        return []
    palette = frames[-1].quantize(N_COLOURS, dither=Image.Dither.NONE)
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]


def write_webp(frames: Sequence[Image.Image], directory: Path) -> Path:
    """An animated WebP that begins again."""
    return _save([frame.convert("RGB") for frame in frames], directory / f"{NAME}.webp", lossless=True, method=3)


def write_gif(frames: Sequence[Image.Image], directory: Path) -> Path:
    """A GIF that begins again."""
    return _save(frames, directory / f"{NAME}.gif")


def _save(frames: Sequence[Image.Image], file: Path, **options: Any) -> Path:
    durations = [FRAME_MS] * (len(frames) - 1) + [LAST_MS]
    frames[0].save(file, save_all=True, append_images=list(frames[1:]), duration=durations, loop=0, **options)
    return file


def write_mp4(frames: Sequence[Image.Image], directory: Path) -> Path:
    """H.264, by ffmpeg; the last frame stands a while. Raises `OSError` where ffmpeg fails, with its last words."""
    file = directory / f"{NAME}.mp4"
    width, height = frames[0].size
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(1000 / FRAME_MS), "-i", "-"]
    target = ["-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20", "-movflags", "+faststart", "-threads", "1"]
    pixels = b"".join(frame.convert("RGB").tobytes() for frame in [*frames, *[frames[-1]] * (LAST_MS // FRAME_MS)])
    command = ["ffmpeg", "-loglevel", "error", "-y", *source, *target, str(file)]
    ended = subprocess.run(command, input=pixels, capture_output=True, check=False)
    if ended.returncode:
        raise OSError(f"ffmpeg could not write {file}: {ended.stderr.decode(errors='replace').strip()[-300:]}")
    return file
