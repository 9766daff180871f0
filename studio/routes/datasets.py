"""Datasets: kept, listed, looked at, downloaded, cut into windows, put aside and taken back."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from bundle.errors import InvalidRequest
from service.http.exchange import Request, Response, Streamed
from service.http.table import Route
from studio.answering import answer, guard, read_json, read_query
from studio.reading.scratch import delete
from studio.reading.settings import ReadSettings
from studio.shapes import (
    Cutting,
    DatasetChange,
    DatasetQuery,
    FileQuery,
    MapQuery,
    NewDataset,
    SeriesQuery,
)
from studio.studio import Studio

if TYPE_CHECKING:
    from studio.catalogue.card import DatasetCard

MOST_LISTED, MOST_SHOWN = 500, 1000
MOST_VALUES = 2**21
"""Of the series in one answer."""

MOST_MAPPED = 1000
PIECE = 2**18
"""Bytes of a download that are read at a time."""

MEDIA_TYPES = {
    ".csv": b"text/csv; charset=utf-8",
    ".tsv": b"text/tab-separated-values; charset=utf-8",
    ".jsonl": b"application/jsonl",
    ".ndjson": b"application/jsonl",
    ".parquet": b"application/vnd.apache.parquet",
    ".zip": b"application/zip",
    ".ts": b"text/plain; charset=utf-8",
}

Handler = Callable[..., Awaitable[Response | Streamed]]


def make_rows(studio: Studio) -> Iterator[Route]:
    """`/datasets`."""
    datasets = _Datasets(studio)
    yield Route(
        "/datasets", ("GET", "POST"), _choose({"GET": datasets.list_all, "POST": guard(datasets.create)}), "use"
    )
    one = {"GET": datasets.show, "PATCH": guard(datasets.change), "DELETE": guard(datasets.delete)}
    yield Route("/datasets/{id}", ("GET", "PATCH", "DELETE"), _choose(one), "use")
    yield Route("/datasets/{id}/restore", ("POST",), guard(datasets.restore), "use")
    yield Route("/datasets/{id}/series", ("GET",), datasets.show_series, "use")
    yield Route("/datasets/{id}/map", ("GET",), datasets.lay_out, "use")
    yield Route("/datasets/{id}/file", ("GET",), datasets.download, "use", page=True)
    yield Route("/datasets/{id}/windows", ("POST",), guard(datasets.cut), "use")


def _choose(handlers: dict[str, Handler]) -> Handler:
    async def handle(request: Request, *groups: str) -> Response | Streamed:
        return await handlers["GET" if request.method == "HEAD" else request.method](request, *groups)

    return handle


class _Datasets:
    """The handlers; what reads files or the database runs in threads."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    async def list_all(self, request: Request) -> Response:
        query = read_query(request, DatasetQuery)

        def find() -> Response:
            cards, total = self.studio.open_catalogue().list(
                query.search, query.tag, query.kind, query.deleted, min(query.limit, MOST_LISTED), query.offset
            )
            return answer({"datasets": cards, "total": total})

        return await asyncio.to_thread(find)

    async def create(self, request: Request) -> Response:
        wanted = read_json(request, NewDataset)
        await asyncio.to_thread(self.studio.open_catalogue)
        owner = self.studio.name_owner(request)
        if (wanted.upload is None) == (wanted.generator is None):
            raise InvalidRequest("send either an upload's id as upload, or a generator's name as generator.", "upload")
        if wanted.upload is not None:
            return answer(await self._keep_upload(wanted, wanted.upload, owner), 201)
        return answer(await self._generate(wanted, owner), 201)

    async def _keep_upload(self, wanted: NewDataset, id: str, owner: str) -> DatasetCard:
        uploads = self.studio.uploads
        upload = await asyncio.to_thread(uploads.get, id)
        folder, found = await uploads.find_reading(id, ReadSettings.check(wanted.settings or {}))
        if refusal := found["refusal"]:
            raise InvalidRequest(refusal["message"], "upload")
        source = {"filename": upload["filename"], "settings": found["settings"]}
        notes = [found["preview"]["read"], *found["preview"]["notes"]]
        return await asyncio.to_thread(
            self._keep, folder, found["summary"], name=wanted.name, kind="upload", source=source, owner=owner,
            suffix=found["suffix"] or ".csv", tags=wanted.tags or (), notes=notes,
        )  # fmt: skip

    async def _generate(self, wanted: NewDataset, owner: str) -> DatasetCard:
        asked = {"generator": wanted.generator, "options": wanted.options or {}}
        async with self.studio.scratch.open() as folder:
            made = await self.studio.processes.run("generate", folder, asked)
            source = {"generator": wanted.generator, "options": made["options"]}
            return await asyncio.to_thread(
                self._keep, folder, made["summary"], name=wanted.name, kind="generated", source=source, owner=owner,
                tags=wanted.tags or (), notes=made["notes"],
            )  # fmt: skip

    def _keep(self, folder: Path, summary: dict[str, Any], **about: Any) -> DatasetCard:
        """Keep the cases that a task left in a folder."""
        from studio.catalogue.card import Summary

        catalogue = self.studio.open_catalogue()
        made = Summary(**summary)
        catalogue.require_fitting(made.shape["n_cases"] + made.shape["n_test"])
        return catalogue.keep(folder / "cases.parquet", made, **about)

    async def show(self, request: Request, id: str) -> Response:
        def find() -> Response:
            card, statistics, versions = self.studio.open_catalogue().get_details(id)
            brief = ("id", "name", "version", "kind", "created", "deleted", "shape")
            listed = [{name: getattr(one, name) for name in brief} for one in versions]
            return answer(asdict(card) | {"statistics": statistics, "versions": listed})

        return await asyncio.to_thread(find)

    async def change(self, request: Request, id: str) -> Response:
        change = read_json(request, DatasetChange)
        return answer(
            await asyncio.to_thread(lambda: self.studio.open_catalogue().update(id, change.name, change.tags))
        )

    async def delete(self, request: Request, id: str) -> Response:
        card = await asyncio.to_thread(lambda: self.studio.open_catalogue().delete(id))
        assert card.deleted is not None
        return answer({"restorable_until": card.deleted + timedelta(hours=self.studio.settings.keep_deleted_hours)})

    async def restore(self, request: Request, id: str) -> Response:
        return answer(await asyncio.to_thread(lambda: self.studio.open_catalogue().restore(id)))

    async def show_series(self, request: Request, id: str) -> Response:
        query = read_query(request, SeriesQuery)
        return await asyncio.to_thread(self._show_series, id, query)

    def _show_series(self, id: str, query: SeriesQuery) -> Response:
        from studio.reading.thinning import thin

        catalogue = self.studio.open_catalogue()
        shape = catalogue.get(id).shape
        shown = min(shape["n_timepoints"], query.timepoints or shape["n_timepoints"])
        limit = max(1, min(query.limit, MOST_SHOWN, MOST_VALUES // max(1, shape["n_channels"] * shown)))
        cases, index, total = catalogue.read_page(id, query.offset, limit, query.label or None, query.part)
        series, step = thin(cases.list_arrays(), query.timepoints or shape["n_timepoints"])
        written = [orjson.Fragment(orjson.dumps(one, option=orjson.OPT_SERIALIZE_NUMPY)) for one in series]
        return answer({
            "series": written, "labels": cases.labels, "groups": cases.groups, "index": index.tolist(),
            "synthetic": cases.is_synthetic.tolist(), "sample_weight": cases.weights.tolist(), "step": step,
            "total": total,
        })  # fmt: skip

    async def lay_out(self, request: Request, id: str) -> Response:
        query = read_query(request, MapQuery)
        async with self.studio.scratch.open() as folder:
            about = await asyncio.to_thread(self._gather, folder, [id, *([query.beside] if query.beside else [])])
            laid = await self.studio.processes.run_module(
                "training.data.plane", "lay_out", folder, {"method": query.method}
            )
            return answer({**about, "points": laid["points"], "method": query.method})

    def _gather(self, folder: Path, ids: list[str]) -> dict[str, Any]:
        """Write what is laid out into a folder, and say what each point will be."""
        from studio.catalogue.mapping import gather

        return gather(self.studio.open_catalogue(), ids, MOST_MAPPED, folder)

    async def download(self, request: Request, id: str) -> Response | Streamed:
        query = read_query(request, FileQuery)
        catalogue = await asyncio.to_thread(self.studio.open_catalogue)
        card = await asyncio.to_thread(catalogue.get, id)
        suffix, known = query.suffix or card.suffix, await asyncio.to_thread(_list_written)
        if suffix not in known:
            if query.suffix:
                raise InvalidRequest(
                    f"suffix is {suffix[:20]!r}; it must be one of those that are written: {', '.join(known)}.",
                    "suffix",
                )
            suffix = ".csv"
        scratch = await asyncio.to_thread(self.studio.scratch.make)
        try:
            context = catalogue.fetch(id)
            local = await asyncio.to_thread(context.__enter__)
            try:
                wanted = {"path": str(local), "part": query.part, "long": query.long, "suffix": suffix,
                          "stem": _name_file(card)}  # fmt: skip
                written = await self.studio.processes.run("write", scratch, wanted)
            finally:
                await asyncio.to_thread(context.__exit__, None, None, None)
        except BaseException:
            await asyncio.to_thread(delete, scratch)
            raise
        return _send(scratch, written["file"])

    async def cut(self, request: Request, id: str) -> Response:
        wanted = read_json(request, Cutting)
        catalogue = await asyncio.to_thread(self.studio.open_catalogue)
        card = await asyncio.to_thread(catalogue.get, id)
        stride = wanted.stride or wanted.window
        name = wanted.name or f"{card.name} windows"
        context = catalogue.fetch(id)
        local = await asyncio.to_thread(context.__enter__)
        try:
            async with self.studio.scratch.open() as folder:
                asked = {"path": str(local), "window": wanted.window, "stride": stride, "name": card.name}
                made = await self.studio.processes.run("windows", folder, asked)
                source = {"window": wanted.window, "stride": stride, "filename": card.source.get("filename", "")}
                kept = await asyncio.to_thread(
                    self._keep, folder, made["summary"], name=name, kind="windows", source=source, parents=[id],
                    owner=self.studio.name_owner(request), suffix=card.suffix, tags=wanted.tags or (),
                    notes=made["notes"],
                )  # fmt: skip
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)
        return answer(kept, 201)


@functools.cache
def _list_written() -> tuple[str, ...]:
    from training.data.writing import list_suffixes

    return tuple(list_suffixes())


def _name_file(card: DatasetCard) -> str:
    plain = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in card.name).strip(". ")
    return f"{plain or 'dataset'}-v{card.version}"


def _send(folder: Path, name: str) -> Streamed:
    """A file in a folder, which is deleted once it was sent, or nobody wants it any more."""

    async def read() -> AsyncGenerator[bytes, None]:
        file = await asyncio.to_thread((folder / name).open, "rb")
        try:
            while piece := await asyncio.to_thread(file.read, PIECE):
                yield piece
        finally:
            await asyncio.to_thread(file.close)

    plain = name.encode("ascii", "replace").replace(b"?", b"_")
    disposition = b"attachment; filename=\"%s\"; filename*=UTF-8''%s" % (plain, quote(name).encode())
    suffix = "." + name.rpartition(".")[2]
    more = ((b"content-disposition", disposition), (b"x-content-type-options", b"nosniff"))
    media_type = MEDIA_TYPES.get(suffix, b"application/octet-stream")
    loop = asyncio.get_running_loop()

    def close() -> None:
        loop.run_in_executor(None, delete, folder)

    return Streamed(read(), media_type, more, close)
