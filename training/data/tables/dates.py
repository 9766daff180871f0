"""Dates such as 31/01/2007 become 2007-01-31, where the table itself shows which number is the day."""

from __future__ import annotations

import re
from collections.abc import Sequence

from training.data.cases import DatasetError

_DATE = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ T](.*))?")


def rewrite_dates(texts: Sequence[str], subject: str) -> tuple[list[str], str | None]:
    """The dates in the order of ISO 8601, and what was read as what; texts of any other form as they are.

    Raises DatasetError where day and month cannot be told apart: neither is ever above 12, or both are.
    """
    found = [_DATE.fullmatch(text) for text in texts]
    if not found or not all(found):
        return list(texts), None
    first, second = (max(int(date[place]) for date in found if date) for place in (1, 3))
    if (first > 12) == (second > 12):
        raise DatasetError(
            f"{subject} has dates such as {texts[0]}, and nothing shows which number is the day. Write 2007-01-31."
        )
    day, month = (1, 3) if first > 12 else (3, 1)
    written = [
        f"{date[4]}-{int(date[month]):02d}-{int(date[day]):02d}{' ' + date[5] if date[5] else ''}"
        for date in found
        if date
    ]
    return (
        written,
        f"{subject[0].lower()}{subject[1:]} is read {'day' if day == 1 else 'month'} first: {texts[0]} as {written[0]}",
    )
