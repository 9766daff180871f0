"""Does a task: what `request.json` in a folder asks for; `answer.json` is there afterwards."""

from __future__ import annotations

import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from studio.reading.process import Refusal
from studio.reading.refusing import explain


def main(task: str, folder: Path) -> None:
    """Do one task. What is wrong with the data is an answer; a lack of memory ends the process."""
    try:
        answer = _do(task, folder)
    except MemoryError:
        raise
    except Exception as error:
        traceback.print_exc()
        answer = {"refused": asdict(explain(error))}
    partial = folder / "answer.part"
    partial.write_bytes(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY))
    partial.rename(folder / "answer.json")


def _do(task: str, folder: Path) -> dict[str, Any]:
    from studio.reading.tasks import TASKS

    if task not in TASKS:
        return {"refused": asdict(Refusal(f"there is no task {task!r}."))}
    return TASKS[task](folder, orjson.loads((folder / "request.json").read_bytes()))
