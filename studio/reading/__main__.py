"""`python -m studio.reading TASK FOLDER` does what `request.json` in the folder asks for, and leaves `answer.json`."""

from __future__ import annotations

import os
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from studio.reading.process import Refusal
from studio.reading.refusing import explain


def main(task: str, folder: Path) -> None:
    """Do one task. What goes wrong with the data is an answer; a lack of memory ends the process."""
    try:
        answer = _run(task, folder)
    except MemoryError:
        raise
    except Exception as error:
        traceback.print_exc()
        answer = {"refused": asdict(explain(error))}
    partial = folder / "answer.part"
    partial.write_bytes(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY))
    partial.rename(folder / "answer.json")


def _run(task: str, folder: Path) -> dict[str, Any]:
    from studio.reading import tasks

    if task not in tasks.TASKS:
        return {"refused": asdict(Refusal(f"there is no task {task!r}."))}
    request = orjson.loads((folder / "request.json").read_bytes())
    return tasks.TASKS[task](folder, request)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).absolute())
    sys.stdout.flush()
    os._exit(0)  # nothing is left to do, and libraries' threads take their time to end
