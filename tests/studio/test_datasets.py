"""Datasets are kept, shown, laid out, downloaded, cut and put aside, over HTTP and by the client."""

from __future__ import annotations

import asyncio
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pytest

from seriesmith import AsyncClient, Client, Dataset, InvalidRequest, NotFound
from studio.catalogue.catalogue import Catalogue
from tests.service.server import Server
from tests.studio.conftest import open_studio
from tests.studio.stored import make_cases
from tests.studio.test_uploads import LONG, RECORDING, WIDE, write_npz
from training.data.writing import list_suffixes

Card = dict[str, Any]


@pytest.fixture(scope="module")
def client(studio_server: Server) -> Client:
    return Client(studio_server.url)


@pytest.fixture(scope="module")
def pumps(client: Client) -> Dataset:
    """12 series of one channel, in groups, with two classes."""
    return client.datasets.save(client.datasets.upload(LONG, "long.csv"), "pumps", tags=["pumping"])


@pytest.fixture(scope="module")
def marked(studio_folder: Path, studio_server: Server) -> str:
    """20 series of two channels and of several lengths, half of them synthetic; the studio's own code put it there."""
    settings, engine = open_studio(studio_folder)
    cases = make_cases(
        synthetic=np.arange(20) >= 10, sample_weight=np.where(np.arange(20) >= 10, 0.5, 1).astype(np.float32), part=None
    )
    card = Catalogue(engine, settings).add(cases, name="marked", kind="augmented", source={})
    engine.dispose()
    return card.id


def test_an_upload_becomes_a_dataset(client: Client, pumps: Dataset) -> None:
    assert (pumps.name, pumps.kind, pumps.suffix, pumps.tags) == ("pumps", "upload", ".csv", ["pumping"])
    assert pumps.shape["n_cases"] == 12
    assert pumps.source["filename"] == "long.csv"
    assert pumps.source["settings"]["id"] == ["visit"]
    assert pumps.notes[0].startswith("12 series of 1 channel x 30 timepoints from long.csv")
    assert [one.id for one in client.datasets.list(tag="pumping")] == [pumps.id]
    detailed = client.datasets.get(pumps.id)
    assert detailed.statistics is not None and detailed.versions is not None
    assert detailed.statistics["channels"][0]["name"] == "pulse"
    assert [one["label"] for one in detailed.statistics["classes"]] == ["sick", "well"]
    assert pumps.id in [one["id"] for one in detailed.versions]


def test_series_come_by_class_in_pages(client: Client, pumps: Dataset) -> None:
    first = client.datasets.series(pumps.id, label="sick", limit=4)
    rest = client.datasets.series(pumps.id, label="sick", offset=4)
    assert (first.total, len(first.series), len(rest.series)) == (6, 4, 2)
    assert list(first.index) + list(rest.index) == [2, 3, 6, 7, 10, 11]
    assert first.series.shape[1:] == (1, 30)
    assert first.labels is not None and set(first.labels) == {"sick"}
    assert first.groups == ["p1", "p1", "p3", "p3"]


def test_missing_values_and_ends_come_as_null(client: Client, studio_server: Server, marked: str) -> None:
    cases = make_cases()
    series = client.datasets.series(marked)
    assert np.array_equal(series.series, cases.series, equal_nan=True)
    assert list(series.synthetic) == [case >= 10 for case in range(20)]
    shown = studio_server.get(f"/datasets/{marked}/series?limit=2")
    assert shown["series"][1][0][3] is None
    assert [len(case[0]) for case in shown["series"]] == cases.lengths[:2].tolist()


def test_long_series_are_thinned(studio_server: Server, client: Client) -> None:
    dataset = client.datasets.save(client.datasets.upload(RECORDING, "recording.csv"), "recording")
    shown = studio_server.get(f"/datasets/{dataset.id}/series?timepoints=100")
    assert len(shown["series"][0][0]) <= 100
    assert shown["step"] == 30
    windows = client.datasets.windows(dataset.id, 100, 50, tags=["cut"])
    assert (windows.shape["n_cases"], windows.shape["n_timepoints"]) == (59, 100)
    assert (windows.kind, windows.parents, windows.name) == ("windows", [dataset.id], "recording windows")
    with pytest.raises(InvalidRequest, match="no stretch of 5000 timepoints"):
        client.datasets.windows(dataset.id, 5000)


@pytest.mark.parametrize("long", [False, True], ids=["wide", "long"])
def test_a_table_says_which_series_are_synthetic(client: Client, marked: str, long: bool, tmp_path: Path) -> None:
    table = pyarrow.csv.read_csv(client.datasets.file(marked, tmp_path / "x.csv", long=long))
    rows = make_cases().lengths if table.num_rows > 20 else np.ones(20, int)
    assert table.column("synthetic").to_pylist() == np.repeat([0] * 10 + [1] * 10, rows).tolist()
    assert table.column("sample_weight").to_pylist() == np.repeat([1] * 10 + [0.5] * 10, rows).tolist()


@pytest.fixture(scope="module")
def wide(client: Client) -> Dataset:
    """40 series of one length, in groups, with three classes."""
    return client.datasets.save(client.datasets.upload(WIDE, "wide.csv"), "wide")


@pytest.mark.parametrize("suffix", list_suffixes())
def test_a_download_reads_as_the_same_dataset(suffix: str, client: Client, wide: Dataset, tmp_path: Path) -> None:
    """Labels, groups and values, of any format that holds them; those of one length, which all hold."""
    made = wide
    path = client.datasets.file(made.id, tmp_path / f"wide{suffix}")
    settings = {"format": "delimited"} if suffix == ".tsv" else {}
    again = client.datasets.upload(path, **settings)
    assert again.refusal is None
    assert again.preview is not None
    kept = client.datasets.save(again, "again")
    if suffix != ".ts":  # has no place for groups
        assert kept.sha256 == made.sha256
    assert kept.classes == made.classes


def test_a_dataset_with_a_test_set_comes_as_two_files(client: Client, tmp_path: Path) -> None:
    content = write_npz(
        X_train=np.random.default_rng(0).normal(size=(9, 1, 12)), y_train=["a", "b", "a"] * 3,
        X_test=np.random.default_rng(1).normal(size=(4, 1, 12)), y_test=["b", "a"] * 2,
    )  # fmt: skip
    made = client.datasets.save(client.datasets.upload(content, "split.npz"), "split")
    path = client.datasets.file(made.id, tmp_path)
    assert path == tmp_path / "split-v1.zip"
    assert zipfile.ZipFile(path).namelist() == ["split-v1_TRAIN.npz", "split-v1_TEST.npz"]
    assert client.datasets.save(client.datasets.upload(path), "again").sha256 == made.sha256
    train = client.datasets.file(made.id, tmp_path / "train.npz", part="train")
    with np.load(train) as arrays:
        assert len(arrays["X"]) == 9


@pytest.mark.parametrize(
    "query", ["suffix=.exe", "suffix=/../../x.csv", "suffix=.npz%26long=true", "suffix=.npz&long=true"]
)
def test_what_cannot_be_written_is_refused(
    studio_server: Server, studio_folder: Path, pumps: Dataset, query: str
) -> None:
    refused = studio_server.http.get(f"/datasets/{pumps.id}/file?{query}")
    assert refused.status_code == 400
    assert str(studio_folder) not in refused.json()["error"]["message"]


def test_a_download_is_named_after_its_dataset(studio_server: Server, client: Client) -> None:
    upload = client.datasets.upload(WIDE, "wide.csv")
    made = client.datasets.save(upload, 'Größe "neu"/1')
    head = studio_server.http.get(f"/datasets/{made.id}/file").headers["content-disposition"]
    assert head == "attachment; filename=\"Gr__e _neu__1-v1.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20_neu__1-v1.csv"


def test_a_map_shows_both_datasets(studio_server: Server, wide: Dataset, pumps: Dataset) -> None:
    laid = studio_server.get(f"/datasets/{pumps.id}/map?beside={wide.id}")
    assert np.array(laid["points"]).shape == (52, 2)
    assert laid["beside"] == [False] * 12 + [True] * 40
    assert set(laid["labels"]) == {"well", "sick", "walk", "run", "sit"}
    assert laid["index"] == [*range(12), *range(40)]


def test_datasets_of_other_channels_lie_on_no_map(studio_server: Server, pumps: Dataset, marked: str) -> None:
    refused = studio_server.http.get(f"/datasets/{pumps.id}/map?beside={marked}")
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "beside")


@pytest.mark.long
def test_a_map_can_be_t_sne(studio_server: Server, marked: str) -> None:
    laid = studio_server.get(f"/datasets/{marked}/map?method=tsne")
    assert np.isfinite(laid["points"]).all()
    assert studio_server.get(f"/datasets/{marked}/map?method=tsne")["points"] == laid["points"]


def test_what_is_deleted_comes_back(client: Client) -> None:
    made = client.datasets.save(client.datasets.upload(WIDE, "wide.csv"), "to delete")
    assert client.datasets.delete(made.id) > made.created
    assert client.datasets.list(search="to delete") == []
    assert [one.id for one in client.datasets.list(search="to delete", deleted=True)] == [made.id]
    assert client.datasets.restore(made.id).deleted is None
    assert client.datasets.update(made.id, name="kept", tags=["x"]).tags == ["x"]


@pytest.mark.parametrize("path", ["", "/series", "/map", "/file"])
def test_an_unknown_dataset_is_not_found(path: str, studio_server: Server) -> None:
    assert studio_server.http.get(f"/datasets/{'0' * 32}{path}").status_code == 404


def test_a_dataset_is_of_an_upload_or_a_generator(studio_server: Server) -> None:
    for body in ({"name": "x"}, {"name": "x", "upload": "0" * 32, "generator": "sines"}):
        assert studio_server.http.post("/datasets", json=body).status_code == 400


def test_pages_of_other_origins_change_nothing(studio_server: Server, pumps: Dataset) -> None:
    for method, path in (
        ("DELETE", f"/datasets/{pumps.id}"),
        ("POST", "/datasets"),
        ("POST", "/uploads?filename=x.csv"),
    ):
        headers = {"origin": "http://elsewhere.example"}
        assert studio_server.http.request(method, path, headers=headers, content=b"{}").status_code == 403


def test_the_async_client_does_the_same(studio_server: Server, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    for clip in range(6):
        text = "x\n" + "\n".join(str((clip * time) % 7) for time in range(20)) + "\n"
        (tmp_path / "clips" / f"{clip}.csv").write_text(text)

    async def use() -> None:
        async with AsyncClient(studio_server.url) as client:
            upload = await client.datasets.upload(tmp_path / "clips")
            dataset = await client.datasets.save(upload, "clips")
            assert dataset.shape["n_cases"] == 6
            series = await client.datasets.series(dataset.id)
            path = await client.datasets.file(dataset.id, tmp_path / "x.npz")
            with np.load(io.BytesIO(path.read_bytes())) as arrays:
                assert np.array_equal(arrays["X"], series.series)
            with pytest.raises(NotFound):
                await client.datasets.file("0" * 32, tmp_path / "none.csv")
            assert not list(tmp_path.glob("none*"))
            assert {one["name"] for one in await client.datasets.generators()} >= {"harmonic", "sines"}

    asyncio.run(use())
