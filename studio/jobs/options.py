"""Options of a fit: what there are, whether those of a request are among them, and the flags that set them."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import operator
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any

import orjson

from bundle.errors import InvalidRequest, Unavailable
from studio.jobs.commands import make_command, make_environment

Json = dict[str, Any]

KEPT = ("devices", "threads", "workers", "report")
"""Options that the studio sets itself."""

MOST_LETTERS, MOST_VALUES = 200, 100
DESCRIBE_SECONDS = 120.0

ENDS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "minimum": ("at least", operator.ge),
    "above": ("above", operator.gt),
    "maximum": ("at most", operator.le),
    "below": ("below", operator.lt),
}
"""Bounds of an option, each with its words and when it holds."""


async def describe(folder: Path) -> Json:
    """All families and options of a fit. A process that imports what learns is asked once, and its answer kept in
    `folder` until the code changes. Raises `Unavailable`."""
    file = folder / f"options-{await asyncio.to_thread(_digest_code)}.json"
    if (kept := await asyncio.to_thread(_read, file)) is not None:
        return kept
    described = await _ask()
    described["options"] = [option for option in described["options"] if option["name"] not in KEPT]
    await asyncio.to_thread(_keep, file, described)
    return described


async def _ask() -> Json:
    # Not in a thread: a server that ends would wait for it.
    process = await asyncio.create_subprocess_exec(
        *make_command("describe"), env=make_environment(), stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(DESCRIBE_SECONDS):
            answered, said = await process.communicate()
        described: Json = orjson.loads(answered)
    except (TimeoutError, orjson.JSONDecodeError) as error:
        words = (
            f"it took longer than {DESCRIBE_SECONDS:g} s"
            if isinstance(error, TimeoutError)
            else said.decode(errors="replace").strip()[-300:]
        )
        raise Unavailable(f"the options of a fit could not be found out: {words}; try again.") from error
    finally:
        if process.returncode is None:
            process.kill()
    return described


def _read(file: Path) -> Json | None:
    try:
        read: Json = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    return read


def _keep(file: Path, described: Json) -> None:
    """Write what was found out, in place of what earlier code had."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(orjson.dumps(described))
    temporary.replace(file)
    for other in file.parent.glob("options-*.json"):
        if other != file:
            other.unlink(missing_ok=True)


def _digest_code() -> str:
    """Of the names and times of everything that options are declared in."""
    found = importlib.util.find_spec("training")
    hashed = hashlib.sha256()
    for place in (found.submodule_search_locations or ()) if found else ():
        root = Path(place)
        for file in sorted([*root.glob("*.py"), *root.glob("families/**/*.py")]):
            hashed.update(f"{file} {file.stat().st_mtime_ns}\n".encode())
    return hashed.hexdigest()[:16]


def check_options(given: Json, described: Json) -> Json:
    """The options of a request, as a job keeps them. Raises `InvalidRequest` that names the option."""
    known = {option["name"]: option for option in described["options"]}
    checked = {name: _check(name, value, known[name]) for name, value in given.items() if name in known}
    for name, value in given.items():
        if name not in known:
            checked[name] = _check(name, value, _find_of_family(name, checked, described, list(known)))
    if checked.get("generator") is not None:
        for name in checked:
            if name.partition(".")[0] in ("vae", "texture"):
                raise _refuse(name, "sets nothing beside generator, which stands in place of VAE and texture.")
    return {name: value for name, value in checked.items() if value is not None}


def _find_of_family(name: str, chosen: Json, described: Json, known: list[str]) -> Json:
    """The option `vae.steps` of the family that is chosen."""
    kind, dot, own = name.partition(".")
    if not dot or kind not in described["kinds"]:
        raise _refuse(name, f"is no option of a fit; there are: {', '.join([*known, *described['kinds']])}.")
    default = next(option["default"] for option in described["options"] if option["name"] == kind)
    family = {"best": "fcn", "fastest": "fcn"}.get(str(chosen.get(kind)), chosen.get(kind)) or default
    if family is None:
        raise _refuse(name, f"sets nothing without {kind}; name one.")
    options = next(found["options"] for found in described["kinds"][kind] if found["name"] == family)
    for option in options:
        if option["name"] == own:
            return dict(option)
    there = ", ".join(option["name"] for option in options) or "none"
    raise _refuse(name, f"is no option of {kind} {family}; it has: {there}.")


def _check(name: str, value: Any, option: Json) -> Any:
    if value is None:
        return None
    if option.get("several"):
        values = value if isinstance(value, list) else [value]
        if len(values) > MOST_VALUES:
            raise _refuse(name, f"has {len(values)} values; it may have {MOST_VALUES}.")
        return [_check_one(name, one, option) for one in values]
    return _check_one(name, value, option)


def _check_one(name: str, value: Any, option: Json) -> Any:
    kind, words = option["kind"], option.get("words") or []
    if kind == "choice" or (words and isinstance(value, str)):
        choices = option.get("choices") or words
        if value not in choices:
            raise _refuse(name, f"is {value!r:.80}; it must be one of: {', '.join(map(str, choices))}.")
        return value
    if kind == "boolean":
        if not isinstance(value, bool):
            raise _refuse(name, f"is {value!r:.80}; it must be true or false.")
        return value
    if kind == "text":
        if not isinstance(value, str) or len(value) > MOST_LETTERS or not value.isprintable():
            raise _refuse(name, f"is {value!r:.80}; it must be a text of at most {MOST_LETTERS} letters.")
        return value
    return _check_number(name, value, option)


def _check_number(name: str, value: Any, option: Json) -> int | float:
    whole = option["kind"] == "integer"
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _refuse(name, f"is {value!r:.80}; it must be {'a whole' if whole else 'a'} number.")
    if whole and value != int(value):
        raise _refuse(name, f"is {value}; it must be a whole number.")
    there = [(words, option[end], holds) for end, (words, holds) in ENDS.items() if end in option]
    if not all(holds(value, end) for _, end, holds in there):
        raise _refuse(name, f"is {value}; it must be {' and '.join(f'{words} {end:g}' for words, end, _ in there)}.")
    return int(value) if whole else float(value)


def _refuse(name: str, words: str) -> InvalidRequest:
    return InvalidRequest(f"{name} {words}", f"options.{name}")


def list_flags(options: Json) -> Iterator[str]:
    """The flags of `fit.py` for checked options; a value stands in its flag, so that none can be one itself."""
    for name, value in options.items():
        if isinstance(value, bool):
            kind, dot, own = name.rpartition(".")
            yield _name_flag(name if value else f"{kind}{dot}no_{own}")
        elif isinstance(value, list):
            yield _name_flag(name)
            yield from map(str, value)
        else:
            yield f"{_name_flag(name)}={value}"


def _name_flag(name: str) -> str:
    return "--" + name.replace("_", "-")
