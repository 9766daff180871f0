"""Lines are whole, in order and in UTC; those that find no room are counted; a file may be rotated."""

from __future__ import annotations

from logging import makeLogRecord
from pathlib import Path

import orjson
import pytest

from service.observing import line_log
from service.observing.line_log import LineLog
from tests.service.server import wait_until


def test_lines_are_written_in_their_order(tmp_path: Path):
    log = LineLog(tmp_path / "log")
    for number in range(100):
        log.write({"time": 1.5, "number": number})
    log.close()
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert [line["number"] for line in lines] == list(range(100))
    assert {line["time"] for line in lines} == {"1970-01-01T00:00:01.500Z"}


def test_lines_without_room_are_counted_in_the_next_that_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(line_log, "HELD_LINES", 2)
    log = LineLog(tmp_path / "log")
    for number in range(5):  # nobody writes yet: the listener starts with the first line
        log._sender.emit(makeLogRecord({"msg": {"time": 0.0, "number": number}}))
    log._queue.get()
    log.write({"time": 0.0, "number": 5})
    log.close()
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert [(line["number"], line.get("dropped")) for line in lines] == [(1, None), (5, 3)]


def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path):
    log = LineLog(tmp_path / "log")
    log.write({"time": 0.0, "number": 1})
    wait_until(lambda: (tmp_path / "log").stat().st_size, 5, "the first line")
    (tmp_path / "log").rename(tmp_path / "log.1")
    log.write({"time": 0.0, "number": 2})
    log.close()
    assert b'"number":2' in (tmp_path / "log").read_bytes() and b'"number":1' in (tmp_path / "log.1").read_bytes()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match="SERIESMITH_LOG_FILE is .*nowhere.* which cannot be written"):
        LineLog(tmp_path / "nowhere" / "log")
