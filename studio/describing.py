"""Every path of the studio, as `/docs.json` has it."""

from __future__ import annotations

import re

from bundle.errors import DeadlineExceeded, NotFound, Unsupported, UnsupportedMediaType
from service.http.table import Route
from service.openapi.described import Described
from studio import shapes

DATASETS, MODELS, FITS, HERE = "datasets", "studio: models", "fits", "studio"
STORED = (DATASETS, FITS)
"""Tags of what needs the catalogue."""

OCTETS, STREAM, TEXT = "application/octet-stream", "text/event-stream", "text/plain"
NAMED = (NotFound,)
CATALOGUE = (NotFound, Unsupported)
RUN = (NotFound, Unsupported, DeadlineExceeded)

MEANINGS = {
    "id": "32 hexadecimal digits",
    "name": "a name",
    "version": "a version, as GET /studio/models/{name} lists them",
}


def _describe(tag: str, method: str, path: str, name: str, summary: str, **more: object) -> Described:
    groups = re.findall(r"\{(\w+)\}", path)
    parameters = tuple((group, MEANINGS[group]) for group in groups)
    return Described(tag, method, path, name, summary, parameters=parameters, **more)  # type: ignore[arg-type]


def _list_uploads_and_datasets() -> list[Described]:
    one, many = shapes.StoredDataset, shapes.DatasetListing
    upload = shapes.StoredUpload
    of_uploads = [
        _describe(
            DATASETS,
            "POST",
            "/uploads",
            "create_upload",
            "Takes a file as it is, to be looked at before it becomes a dataset; a folder comes as a .zip.",
            query=shapes.UploadQuery,
            body_type=OCTETS,
            answer=upload,
            status=201,
            refusals=(Unsupported, UnsupportedMediaType, DeadlineExceeded),
        ),
        _describe(
            DATASETS, "GET", "/uploads/{id}", "get_upload", "What an upload holds.", answer=upload, refusals=NAMED
        ),
        _describe(
            DATASETS,
            "POST",
            "/uploads/{id}/preview",
            "preview_upload",
            "Reads an upload with other settings.",
            body=shapes.ReaderSettings,
            answer=upload,
            refusals=RUN,
        ),
    ]
    of_datasets = [
        _describe(
            DATASETS,
            "GET",
            "/datasets",
            "list_datasets",
            "Datasets of the catalogue, newest first.",
            query=shapes.DatasetQuery,
            answer=many,
        ),
        _describe(
            DATASETS,
            "POST",
            "/datasets",
            "create_dataset",
            "Keeps what an upload or a generator gives.",
            body=shapes.NewDataset,
            answer=one,
            status=201,
            refusals=RUN,
        ),
        _describe(
            DATASETS,
            "GET",
            "/datasets/{id}",
            "get_dataset",
            "One dataset, with statistics and its versions.",
            answer=one,
            refusals=NAMED,
        ),
        _describe(
            DATASETS,
            "PATCH",
            "/datasets/{id}",
            "change_dataset",
            "Renames a dataset, or tags it.",
            body=shapes.DatasetChange,
            answer=one,
            refusals=CATALOGUE,
        ),
        _describe(
            DATASETS,
            "DELETE",
            "/datasets/{id}",
            "delete_dataset",
            "Puts a dataset aside, to be restored for a while.",
            answer=shapes.Deleted,
            refusals=CATALOGUE,
        ),
        _describe(
            DATASETS,
            "POST",
            "/datasets/{id}/restore",
            "restore_dataset",
            "Takes a dataset that was put aside back.",
            answer=one,
            refusals=CATALOGUE,
        ),
        _describe(
            DATASETS,
            "GET",
            "/datasets/{id}/series",
            "list_series",
            "Some series of a dataset.",
            query=shapes.SeriesQuery,
            answer=shapes.StoredSeries,
            refusals=NAMED,
        ),
        _describe(
            DATASETS,
            "GET",
            "/datasets/{id}/map",
            "map_dataset",
            "At most 1 000 series of a dataset in two dimensions.",
            query=shapes.MapQuery,
            answer=shapes.DatasetMap,
            refusals=RUN,
        ),
        _describe(
            DATASETS,
            "GET",
            "/datasets/{id}/file",
            "download_dataset",
            "A dataset as a file of any format that is written.",
            query=shapes.FileQuery,
            answer_type=OCTETS,
            refusals=RUN,
        ),
        _describe(
            DATASETS,
            "POST",
            "/datasets/{id}/windows",
            "cut_windows",
            "Cuts the series of a dataset into windows, which become a new one.",
            body=shapes.Cutting,
            answer=one,
            status=201,
            refusals=RUN,
        ),
        _describe(
            DATASETS,
            "POST",
            "/datasets/{id}/augment",
            "augment_dataset",
            "Runs /augment on a dataset, and keeps it with the synthetic series as a new one.",
            body=shapes.WantedAugmentation,
            answer=shapes.Augmented,
            status=201,
            refusals=RUN,
        ),
    ]
    return [*of_uploads, *of_datasets]


def _list_generators() -> list[Described]:
    return [
        _describe(
            DATASETS,
            "GET",
            "/generators",
            "list_generators",
            "Every generator, with its options.",
            answer=shapes.GeneratorListing,
        ),
        _describe(
            DATASETS,
            "POST",
            "/generators/{name}/preview",
            "preview_generator",
            "Some series that a generator makes.",
            body=shapes.GeneratorTrial,
            body_required=False,
            answer=shapes.GeneratedSeries,
            refusals=RUN,
        ),
    ]


def _list_models() -> list[Described]:
    model = "/studio/models/{name}"
    return [
        _describe(
            MODELS,
            "GET",
            model,
            "list_model_versions",
            "Every version of a model, in service or not, and those that were retired.",
            answer=shapes.StoredModel,
            refusals=NAMED,
        ),
        _describe(
            MODELS,
            "GET",
            f"{model}/map",
            "map_codes",
            "The plane on which a model's codes vary most, with codes of a dataset or drawn ones.",
            query=shapes.LatentMapQuery,
            answer=shapes.LatentMap,
            refusals=RUN,
        ),
        *[
            _describe(
                MODELS,
                "POST",
                f"{model}/{{version}}/{verb}",
                f"{verb}_model_version",
                summary,
                answer=shapes.StoredModel,
                refusals=CATALOGUE,
            )
            for verb, summary in (
                ("retire", "Takes one version of a model out of service, to be restored at any time."),
                ("restore", "Puts a version of a model that was retired back in service."),
            )
        ],
    ]


def _list_fits() -> list[Described]:
    fit = shapes.StoredFit
    return [
        _describe(
            FITS, "GET", "/fits/options", "list_fit_options", "What a fit can be told.", answer=shapes.FitOptions
        ),
        _describe(
            FITS,
            "POST",
            "/fits",
            "create_fit",
            "Asks for a fit, which runs when its turn has come.",
            body=shapes.NewFit,
            answer=fit,
            status=202,
            refusals=CATALOGUE,
        ),
        _describe(
            FITS,
            "GET",
            "/fits",
            "list_fits",
            "Fits, newest first.",
            query=shapes.FitQuery,
            answer=shapes.FitListing,
        ),
        _describe(FITS, "GET", "/fits/{id}", "get_fit", "How a fit stands.", answer=fit, refusals=NAMED),
        _describe(
            FITS,
            "GET",
            "/fits/{id}/events",
            "watch_fit",
            "What happens in a fit, as server-sent events; Last-Event-ID goes on after one.",
            answer_type=STREAM,
            refusals=NAMED,
        ),
        _describe(
            FITS, "GET", "/fits/{id}/log", "read_fit_log", "What a fit printed.", answer_type=TEXT, refusals=NAMED
        ),
        *[
            _describe(
                FITS,
                "POST",
                f"/fits/{{id}}/{verb}",
                f"{verb}_fit",
                summary,
                answer=fit,
                refusals=CATALOGUE,
            )
            for verb, summary in (
                ("cancel", "Ends a fit, or takes it out of the queue."),
                ("resume", "Goes on with a fit that ended early."),
                ("publish", "Publishes what the quality gate withheld."),
                ("discard", "Discards what the quality gate withheld."),
            )
        ],
    ]


PATHS = (
    _describe(
        HERE, "GET", "/studio.json", "describe_studio", "What is possible here.", answer=shapes.About, keyed=False
    ),
    *_list_uploads_and_datasets(),
    *_list_generators(),
    *_list_models(),
    *_list_fits(),
)


def _forget_names(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


_BY_PATH = {_forget_names(one.path): tuple(each for each in PATHS if each.path == one.path) for one in PATHS}


def find_described(row: Route) -> tuple[Described, ...]:
    """Return what `PATHS` says of the methods of a row, whatever the groups of its path are called there."""
    return tuple(one for one in _BY_PATH.get(_forget_names(row.path), ()) if one.method in row.methods)
