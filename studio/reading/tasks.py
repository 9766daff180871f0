"""The tasks of `python -m studio.reading`: each takes a folder and a request, and returns an answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.reading.generating import generate, list_generators, preview_generator
from studio.reading.upload import read_upload
from studio.reading.windowing import cut
from studio.reading.writing import write_file

Task = Callable[[Path, dict[str, Any]], dict[str, Any]]

TASKS: dict[str, Task] = {
    "read": read_upload,
    "windows": cut,
    "write": write_file,
    "generators": list_generators,
    "generate": generate,
    "preview_generator": preview_generator,
}
