"""`python -m studio.jobs.start DATASET FOLDER FLAG …`: writes a dataset as files and becomes the fit of them.

It runs within the limits of the job, which a dataset of gigabytes takes its time of too. What it wrote once it takes
again, so that the fit finds its checkpoints.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from bundle.errors import SeriesmithError
from service.settings import Settings
from studio.catalogue.catalogue import Catalogue
from studio.database import open_database
from studio.jobs.commands import make_command
from studio.jobs.events import Folder
from studio.settings import StudioSettings

NAME = "name.txt"
"""Beside the data: the file or folder that a fit is to read."""

REFUSED = 2
"""The exit status of a command that was refused, as of `fit.py`."""


def main(arguments: list[str]) -> None:
    """Become the fit; or end with a sentence and `REFUSED`."""
    dataset, path, *flags = arguments
    try:
        data = export(dataset, Folder(Path(path)))
    except (SeriesmithError, OSError) as error:
        print(f"the dataset cannot be fitted: {error}", file=sys.stderr)
        sys.exit(REFUSED)
    os.execv(sys.executable, make_command("fit", f"--data={data}", *flags))


def export(dataset: str, folder: Folder) -> Path:
    """The dataset as files in the folder; the path that a fit reads. Raises `SeriesmithError` and `OSError`."""
    if not folder.data.is_dir():
        settings = StudioSettings.from_environment(Settings.from_environment().repository)
        half = folder.path / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        written = Catalogue(open_database(settings.database_url), settings).export(dataset, half)
        (half / NAME).write_text(str(written.relative_to(half)), encoding="utf-8")
        half.rename(folder.data)
    return folder.data / (folder.data / NAME).read_text(encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
