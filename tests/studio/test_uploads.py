"""A file that somebody drops is read as it seems to be, can be read otherwise, and does no harm."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bundle.errors import NotFound
from studio.catalogue.uploads import Uploads, clean_filename
from studio.reading.process import Processes, TaskRefused
from studio.settings import StudioSettings
from tests.service.server import ROOT, Server, wait_until

Upload = dict[str, Any]


def send(server: Server, filename: str, content: bytes) -> Upload:
    headers = {"content-type": "application/octet-stream"}
    response = server.http.post("/uploads", params={"filename": filename}, content=content, headers=headers)
    assert response.status_code == 201, response.text
    upload: Upload = response.json()
    assert server.get(f"/uploads/{upload['id']}") == upload
    return upload


def write_csv(*rows: Sequence[object]) -> bytes:
    return "".join(",".join(map(str, row)) + "\n" for row in rows).encode()


def write_zip(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def write_npz(**arrays: Any) -> bytes:
    whole = io.BytesIO()
    np.savez(whole, **arrays)
    return whole.getvalue()


RANDOM = np.random.default_rng(0)


def draw(n: int) -> list[float]:
    return [round(float(value), 3) for value in RANDOM.normal(size=n)]


NAMES = [f"t{time}" for time in range(20)]
WIDE = write_csv(
    ["person", "activity", "age", *NAMES],
    *([f"p{case % 5}", ["walk", "run", "sit"][case % 3], 20 + case, *draw(20)] for case in range(40)),
)
LONG = write_csv(
    ["patient", "visit", "timestamp", "pulse", "diagnosis"],
    *(
        [f"p{visit // 2}", visit, f"2026-01-01 00:00:{second:02d}", 60 + second % 7, ["well", "sick"][visit // 2 % 2]]
        for visit in range(12)
        for second in range(30)
    ),
)
PLAIN = write_csv(*([case % 2, *draw(20)] for case in range(30)))
RECORDING = write_csv(["time", "flow"], *([second, value] for second, value in enumerate(draw(3000))))
STATES = write_csv(["flow", "state"], *([value, second // 200 % 2] for second, value in enumerate(draw(2000))))


def write_clip(n: int = 30) -> bytes:
    return write_csv(["t", "x"], *([second, value] for second, value in enumerate(draw(n))))


CLIPS = write_zip({f"clips/{kind}/{clip}.csv": write_clip(30 + clip) for kind in ("walk", "run") for clip in range(5)})
NAMED = write_zip(
    {f"p/{clip}.csv": write_clip() for clip in range(8)}
    | {"p/labels.csv": write_csv(["file", "diagnosis"], *([f"{clip}.csv", "ab"[clip % 2]] for clip in range(8)))}
)
APART = write_zip({
    "ECG.csv": write_csv(*(draw(20) for _ in range(12))),
    "ECG_labels.csv": write_csv(*([case % 2] for case in range(12))),
})  # fmt: skip
SPLIT = write_zip({f"x_{part}.csv": WIDE for part in ("TRAIN", "TEST")} | {"__MACOSX/._x_TRAIN.csv": b"\0"})
ARRAYS = write_npz(signals=RANDOM.normal(size=(30, 2, 25)), labels=np.array(["x", "y"] * 15), subject=np.arange(30) % 5)


@pytest.mark.parametrize(
    ("filename", "content", "settings", "shape", "labels"),
    [
        ("wide.csv", WIDE, {"label": ["activity"], "group": ["person"], "ignore": ["age"]}, (40, 0, 1, 20), 3),
        ("wide.csv.gz", gzip.compress(WIDE), {"label": ["activity"]}, (40, 0, 1, 20), 3),
        ("long.csv", LONG, {"id": ["visit"], "group": ["patient"], "time": "timestamp", "value": ["pulse"],
                            "label": ["diagnosis"]}, (12, 0, 1, 30), 2),
        ("plain.csv", PLAIN, {"label": ["first"]}, (30, 0, 1, 20), 2),
        ("recording.csv", RECORDING, {"time": "time", "value": ["flow"]}, (1, 0, 1, 3000), 0),
        ("states.csv", STATES, {"label": ["state"], "window": 128}, (15, 0, 1, 128), 2),
        ("clips.zip", CLIPS, {"label": ["folder"], "time": "t"}, (10, 0, 1, 34), 2),
        ("named.zip", NAMED, {"label": ["diagnosis"], "names": "labels.csv"}, (8, 0, 1, 30), 2),
        ("apart.zip", APART, {"label": ["ECG_labels.csv"]}, (12, 0, 1, 20), 2),
        ("split.zip", SPLIT, {"label": ["activity"]}, (40, 40, 1, 20), 3),
        ("arrays.npz", ARRAYS, {"key": "signals", "label": ["labels"], "group": ["subject"]}, (30, 0, 2, 25), 2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_columns_are_is_guessed(
    studio_server: Server, filename: str, content: bytes, settings: Upload, shape: tuple[int, ...], labels: int
) -> None:
    upload = send(studio_server, filename, content)
    assert upload["refusal"] is None, upload["refusal"]
    assert {name: upload["settings"][name] for name in settings} == settings
    found = upload["preview"]["shape"]
    assert (found["n_cases"], found["n_test"], found["n_channels"], found["n_timepoints"]) == shape
    assert len(upload["preview"]["classes"]) == labels
    assert len(upload["preview"]["series"]) == min(8 * max(labels, 1), shape[0], len(upload["preview"]["series"]))
    assert str(ROOT) not in str(upload)
    assert "--" not in str(upload)


def test_columns_are_shown_with_their_roles(studio_server: Server) -> None:
    columns = send(studio_server, "wide.csv", WIDE)["columns"]
    assert [(column["name"], column["role"], column["count"]) for column in columns] == [
        ("person", "group", 1), ("activity", "label", 1), ("age", "ignore", 1), ("t0 … t19", "timepoint", 20),
    ]  # fmt: skip
    assert columns[1]["examples"] == ["walk", "run", "sit"]


def test_a_guess_is_corrected(studio_server: Server) -> None:
    upload = send(studio_server, "wide.csv", WIDE)
    settings = {"label": "person", "ignore": ["age", "activity"]}
    read = studio_server.http.post(f"/uploads/{upload['id']}/preview", json={"settings": settings}).json()
    assert read["settings"]["label"] == ["person"]
    assert len(read["preview"]["classes"]) == 5
    assert studio_server.get(f"/uploads/{upload['id']}") == read


def test_a_reading_that_fails_says_so_and_can_be_mended(studio_server: Server) -> None:
    upload = send(studio_server, "wide.csv", WIDE)
    path = f"/uploads/{upload['id']}/preview"
    read = studio_server.http.post(path, json={"settings": {"label": ["mood"]}}).json()
    assert "no column 'mood'" in read["refusal"]["message"]
    assert read["columns"] and read["preview"] is None
    saved = studio_server.http.post(
        "/datasets", json={"upload": upload["id"], "settings": read["settings"], "name": "x"}
    )
    assert saved.status_code == 400
    assert "no column 'mood'" in saved.json()["error"]["message"]
    assert studio_server.http.post(path, json={"settings": upload["settings"]}).json() == upload


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"lable": ["a"]}, "settings.lable"), ({"window": 0}, "settings.window"), ({"decimal": "x"}, "settings.decimal")],
)
def test_settings_that_no_reader_has_are_refused(studio_server: Server, settings: Upload, field: str) -> None:
    upload = send(studio_server, "wide.csv", WIDE)
    refused = studio_server.http.post(f"/uploads/{upload['id']}/preview", json={"settings": settings})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, field)


BAD_ROW = WIDE.replace(WIDE.split(b"\n")[17].split(b",")[5], b"oops", 1)


@pytest.mark.parametrize(
    ("filename", "content", "said", "file", "row"),
    [
        ("bad.csv", BAD_ROW, "where a number was expected, in column 't2'", "bad.csv", 18),
        ("junk.csv", bytes(range(256)) * 100, "is not UTF-8 text", "junk.csv", None),
        ("junk.parquet", b"PAR1 is not enough", "could not be read", "junk.parquet", None),
        ("junk.xlsx", b"nothing", "", "junk.xlsx", None),
        ("junk.mat", b"nothing" * 100, "", "junk.mat", None),
        ("junk.npz", b"PK\x03\x04" * 50, "could not be read", "junk.npz", None),
        ("pickled.npz", write_npz(X=np.array([object()] * 9)), "holds objects", "pickled.npz", None),
        ("what.xyz", b"1,2,3", "no reader knows", "what.xyz", None),
        ("broken.zip", CLIPS[:500], "no zip archive that can be read", "broken.zip", None),
        ("escape.zip", write_zip({"../../x.csv": b"1"}), "a path outside of it", "escape.zip", None),
        ("root.zip", write_zip({"/etc/x.csv": b"1"}), "a path outside of it", "root.zip", None),
        ("empty.zip", write_zip({"x/": b""}), "holds no files", "empty.zip", None),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_row(
    studio_server: Server, filename: str, content: bytes, said: str, file: str | None, row: int | None
) -> None:
    upload = send(studio_server, filename, content)
    assert upload["preview"] is None
    assert said in upload["refusal"]["message"]
    assert (upload["refusal"]["file"] in (file, None), upload["refusal"]["row"]) == (True, row)
    assert file is None or upload["refusal"]["file"] == file or not said
    assert "/uploads/" not in upload["refusal"]["message"]


def test_a_link_in_an_archive_is_not_followed(studio_server: Server) -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        link = zipfile.ZipInfo("x.csv")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "no plain file" in send(studio_server, "x.zip", whole.getvalue())["refusal"]["message"]


@pytest.mark.parametrize(
    ("query", "content", "said"),
    [
        ({"filename": "x.csv"}, b"", "the body is empty"),
        ({"filename": "noname"}, b"1", "has no suffix"),
        ({}, b"1", "filename"),
    ],
)
def test_requests_without_file_or_name_are_refused(
    studio_server: Server, query: dict[str, str], content: bytes, said: str
) -> None:
    refused = studio_server.http.post("/uploads", params=query, content=content)
    assert refused.status_code == 400
    assert said in refused.json()["error"]["message"]


@pytest.mark.parametrize("id", ["0" * 32, "%2e%2e%2fmodels"])
def test_there_is_nothing_beside_uploads(studio_server: Server, id: str) -> None:
    assert studio_server.http.get(f"/uploads/{id}").status_code == 404


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("C:\\data\\x.csv", "x.csv"),
        ("../../x.csv", "x.csv"),
        (".hidden.csv", "hidden.csv"),
        ("a\nb;c.csv", "a_b_c.csv"),
        ("Größe 1 (neu).csv", "Größe 1 (neu).csv"),
        ("x" * 300 + ".csv.gz", "x" * 100 + ".csv.gz"),
    ],
)
def test_names_are_plain(given: str, clean: str) -> None:
    assert clean_filename(given) == clean


def test_a_long_recording_is_previewed_in_few_timepoints_with_its_spike(studio_server: Server) -> None:
    values = np.sin(np.arange(20_000) / 50)
    values[7_001] = 99
    upload = send(studio_server, "spike.csv", write_csv(["v"], *([value] for value in values)))
    (series,) = upload["preview"]["series"]
    assert len(series[0]) <= 500
    assert max(series[0]) == 99
    assert upload["preview"]["step"] * len(series[0]) == pytest.approx(20_000, rel=0.01)


@pytest.fixture
def make_uploads(tmp_path: Path) -> Callable[..., Uploads]:
    """Uploads with limits of their own, without a server."""

    def make(**limits: Any) -> Uploads:
        settings = StudioSettings(folder=tmp_path / "studio", **limits)
        return Uploads(settings, Processes(settings))

    return make


@pytest.mark.long
def test_bombs_do_not_go_off(make_uploads: Callable[..., Uploads]) -> None:
    uploads = make_uploads(parse_bytes=2**29, max_upload_bytes=2**20)
    zeros = io.BytesIO()
    with zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in range(520):
            archive.writestr(f"{file}.csv", bytes(2**20))
    packed = gzip.compress(b"1,2\n" * 2**18) * 600

    async def read() -> list[str]:
        bombs = (("bomb.zip", zeros.getvalue()), ("bomb.csv.gz", packed))
        found = [(await uploads.add(io.BytesIO(bomb), name, ""))["refusal"]["message"] for name, bomb in bombs]
        await uploads.processes.close()
        return found

    too_large, too_much = asyncio.run(read())
    assert "unpacks to more than 0.5 GiB" in too_large
    assert "more memory than the 0.5 GiB" in too_much
    sizes = [path.stat().st_size for path in uploads.folder.rglob("*") if path.is_file()]
    assert sum(sizes) < 8 * 2**20, "nothing that was unpacked is left"


ENDLESS = """
import subprocess, sys
def main(task, folder):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (folder / "pid").write_text(str(child.pid))
    if task == "die":
        import os, signal
        os.kill(os.getpid(), signal.SIGSEGV)
    while True:
        pass
"""


@pytest.mark.long
def test_a_process_ends_with_all_that_it_started(
    make_uploads: Callable[..., Uploads], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it takes too long, where it dies, and where whoever asked for it leaves."""
    (tmp_path / "endless.py").write_text(ENDLESS)
    monkeypatch.syspath_prepend(tmp_path)
    processes = make_uploads(parse_seconds=2.0).processes

    async def start(task: str) -> asyncio.Task[Any]:
        (tmp_path / task).mkdir()
        return asyncio.create_task(processes.run_module("endless", task, tmp_path / task, {}))

    async def find_child(task: str) -> int:
        while not (text := read_text(tmp_path / task / "pid")):
            await asyncio.sleep(0.02)
        return int(text)

    async def run() -> list[int]:
        with pytest.raises(TaskRefused, match="more memory"):
            await (await start("die"))
        leaving = await start("leave")
        children = [await find_child("die"), await find_child("leave")]
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        with pytest.raises(TaskRefused, match="this took longer than 2 s"):
            await (await start("wait"))
        children.append(await find_child("wait"))
        for child in children:
            await asyncio.to_thread(wait_until, lambda child=child: not is_running(child), 5, "a child's end")
        await processes.close()
        return children

    assert len(set(asyncio.run(run()))) == 3


def read_text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def is_running(pid: int) -> bool:
    """Whether a process runs: it may be dead, and not yet waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_upload_is_gone_after_a_day(make_uploads: Callable[..., Uploads]) -> None:
    uploads = make_uploads()
    id = uploads.store(io.BytesIO(WIDE), "wide.csv", "")
    before = time.time() - 25 * 3600
    os.utime(uploads.folder / id, (before, before))
    uploads.purge()
    with pytest.raises(NotFound, match="kept for a day"):
        uploads.get(id)


def test_nothing_is_left_of_tasks(studio_server: Server, studio_folder: Path) -> None:
    send(studio_server, "wide.csv", WIDE)
    studio_server.http.post("/generators/harmonic/preview", json={})
    assert list((studio_folder / "work").iterdir()) == []
