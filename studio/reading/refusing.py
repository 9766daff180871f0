"""What a reader says of a file becomes a refusal for somebody at a page: without flags of a command line, with the file
and the row where the sentence has them."""

from __future__ import annotations

import re

from studio.reading.process import Refusal

_FLAG = re.compile(r"(?<![\w-])--([a-z][a-z.-]*)")
_FILE = re.compile(r"(?:[Tt]he (?:file|recording)|of) '?([^\s,:']+\.[A-Za-z0-9]{1,7})'?")
_ROW = re.compile(r"\b(line|row) (\d+)( \(counted from 0\))?")
_CASE = re.compile(r"\b[Cc]ase (\d+) \(counted from 0\)")


def explain(error: Exception) -> Refusal:
    """The refusal of what a reader raised."""
    from training.data.cases import DatasetError
    from training.settings import ConfigurationError

    if isinstance(error, DatasetError | ConfigurationError | ValueError) and str(error):
        return explain_sentence(str(error))
    return Refusal(f"this cannot be read: {type(error).__name__}: {str(error)[:300]}. Check that the file is whole.")


def drop_flags(sentence: str) -> str:
    """A sentence in which settings are called by their names."""
    return _FLAG.sub(lambda found: found[1].removeprefix("generator.").replace("-", "_"), sentence)


def explain_sentence(sentence: str) -> Refusal:
    """The refusal of a sentence of a reader."""
    plain = drop_flags(sentence)
    file = _FILE.search(plain)
    return Refusal(plain, file[1] if file else None, _find_row(plain))


def _find_row(sentence: str) -> int | None:
    """The row or line counted from 1; of a case, its number from 1."""
    if found := _ROW.search(sentence):
        return int(found[2]) + (1 if found[3] else 0)
    if found := _CASE.search(sentence):
        return int(found[1]) + 1
    return None
