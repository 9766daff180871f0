"""What a job runs in tests of the queue: `python fake_fit.py EVENTS MODELS NAME SECONDS STATUS`.

It takes its time and then publishes: it writes down what will appear, and makes it appear, as a fit does. Each time it
comes to its end adds a line to `ends.txt` beside the models.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path


def main(events: Path, models: Path, name: str, seconds: float, status: int) -> int:
    """The exit status."""
    say(events, event="stage", stage="VAE", part="", steps=10, done=0)
    for step in range(1, 11):
        time.sleep(seconds / 10)
        say(events, event="step", stage="VAE", part="", steps=10, step=step, losses={"error": 1 / step})
    say(events, event="stage_end", stage="VAE", part="", steps=10)
    if status == 2:
        print("fit.py: it cannot be fitted.", file=sys.stderr)
        return status
    home = models / ".refused" if status == 3 else models
    content = f"{name} {os.getpid()} {time.time_ns()}"
    home.joinpath(name).mkdir(parents=True, exist_ok=True)
    version = 1 + max([int(folder.name) for folder in (home / name).iterdir() if folder.name.isdecimal()], default=0)
    half = home / name / f".{os.getpid()}"
    half.mkdir()
    half.joinpath("manifest.json").write_text(content)
    objections = ["It is worse than what is served."] if status == 3 else []
    digest = hashlib.sha256(content.encode()).hexdigest()
    say(events, event="publishing", name=name, version=version, sha256=digest, objections=objections)
    half.rename(home / name / str(version))
    with (models.parent / "ends.txt").open("a") as ends:
        ends.write(f"{name}\n")
    return status


def say(file: Path, **event: object) -> None:
    """Append an event."""
    with file.open("a") as opened:
        opened.write(json.dumps({"time": time.time(), **event}) + "\n")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]), int(sys.argv[5])))
