"""The catalogue keeps what it was given, counts versions, finds, puts aside and takes back, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from bundle.errors import InvalidRequest, NotFound
from studio.catalogue.catalogue import Catalogue
from studio.catalogue.tables import DatasetRow
from studio.database import now, open_database
from tests.studio.conftest import open_studio
from tests.studio.postgresql import run_postgresql
from tests.studio.stored import make_cases
from tests.studio.test_storage import assert_same

SOURCE = {"filename": "Pumps_2026.csv"}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with run_postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogue]:
    url = request.getfixturevalue("postgresql") if request.param == "postgresql" else ""
    settings, engine = open_studio(tmp_path, url)
    with engine.begin() as connection:
        connection.execute(DatasetRow.__table__.delete())  # type: ignore[attr-defined]
    yield Catalogue(engine, settings)
    engine.dispose()


def add(catalogue: Catalogue, name: str = "pumps", **fields: Any) -> str:
    return catalogue.add(make_cases(), **{"name": name, "kind": "upload", "source": SOURCE} | fields).id


def test_a_dataset_comes_back_as_it_was_given(catalogue: Catalogue) -> None:
    parent = add(catalogue)
    id = add(catalogue, kind="augmented", parents=[parent], suffix=".ts", owner="lab", notes=["read"], tags=["a", "b"])
    card = catalogue.get(id)
    assert (card.name, card.version, card.kind, card.parents) == ("pumps", 2, "augmented", [parent])
    assert (card.suffix, card.owner, card.notes, card.tags, card.source) == (".ts", "lab", ["read"], ["a", "b"], SOURCE)
    assert card.shape["n_cases"] == 15
    assert card.shape["n_test"] == 5
    assert card.shape["n_missing"] == 2
    assert card.classes == [{"label": "sick", "count": 10}, {"label": "well", "count": 10}]
    assert card.created.utcoffset() == timedelta()
    assert card.sha256 == catalogue.get(parent).sha256
    assert_same(catalogue.read(id), make_cases())
    assert_same(catalogue.read(id, "test"), make_cases().take_part("test"))


def test_a_page_holds_the_cases_of_a_class_and_partition(catalogue: Catalogue) -> None:
    id = add(catalogue)
    cases, index, total = catalogue.read_page(id, 1, 3, label="sick", part="train")
    assert (list(index), total) == ([3, 5, 7], 7)
    assert_same(cases, make_cases().select(np.array([3, 5, 7])))


def test_versions_that_are_added_at_once_are_all_kept(catalogue: Catalogue) -> None:
    other = Catalogue(open_database(catalogue.settings.database_url), catalogue.settings)
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: add([catalogue, other][number % 2]), range(16)))
    versions = sorted(catalogue.get(id).version for id in ids)
    assert versions == list(range(1, 17))
    other.engine.dispose()


def test_datasets_are_found_by_name_file_tag_and_kind(catalogue: Catalogue) -> None:
    first = add(catalogue, "Wärmepumpen", tags=["Büro 3"])
    second = add(catalogue, "clips 100%", kind="generated", source={})

    def find(**sought: Any) -> list[str]:
        return [card.id for card in catalogue.list(**sought)[0]]

    assert find() == [second, first]
    assert find(search="WÄRME") == find(search="pumps_2026 wärme") == find(search="büro") == [first]
    assert find(search="100%") == find(kind="generated") == [second]
    assert find(search="_") == [first]
    assert find(tag="büro 3") == [first]
    assert find(tag="büro") == find(search="nothing") == []
    assert catalogue.list(limit=1, offset=1)[1] == 2
    assert find(limit=1, offset=1) == [first]


def test_another_name_makes_the_next_version_of_it(catalogue: Catalogue) -> None:
    add(catalogue, "old")
    id = add(catalogue, "new")
    assert catalogue.update(id, name=" old ").version == 2
    assert catalogue.update(id, name="old", tags=["x", "x "]).tags == ["x"]
    assert catalogue.get(id).version == 2
    assert [card.id for card in catalogue.list(tag="x", search="old")[0]] == [id]


def test_what_is_deleted_can_be_restored_for_a_while(catalogue: Catalogue) -> None:
    id = add(catalogue)
    deleted = catalogue.delete(id).deleted
    assert deleted == catalogue.delete(id).deleted is not None
    assert (catalogue.list()[1], catalogue.list(deleted=True)[1]) == (0, 1)
    assert catalogue.restore(id).deleted is None
    assert (catalogue.list()[1], catalogue.list(deleted=True)[1]) == (1, 0)
    assert add(catalogue) != id
    assert catalogue.list()[0][0].version == 2


def test_what_was_deleted_long_ago_is_gone_with_its_series(catalogue: Catalogue) -> None:
    kept, id = add(catalogue), add(catalogue)
    files = Path(catalogue.settings.folder / "series")
    with catalogue.engine.begin() as connection:
        connection.execute(update(DatasetRow).where(DatasetRow.id == id).values(deleted=now() - timedelta(days=2)))
    with pytest.raises(NotFound, match="no dataset"):
        catalogue.get(id)
    assert catalogue.purge(now_too=True) == 1
    assert [path.stem for path in files.rglob("*.parquet")] == [kept]
    with pytest.raises(NotFound):
        catalogue.restore(id)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "is none for a dataset"),
        ({"name": "a\nb"}, "printable"),
        ({"name": "x" * 101}, "1 to 100"),
        ({"tags": ["b\nc"]}, "is no tag"),
        ({"tags": list("abcdefghijklmnopqrstu")}, "20 at most"),
    ],
)
def test_names_and_tags_that_will_not_do_are_refused(catalogue: Catalogue, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        add(catalogue, **fields)
    assert catalogue.list()[1] == 0


def test_too_many_series_are_refused(catalogue: Catalogue) -> None:
    small = Catalogue(catalogue.engine, replace(catalogue.settings, max_series=19))
    with pytest.raises(InvalidRequest, match="there are 20 series; a dataset has 19 at most"):
        add(small)
