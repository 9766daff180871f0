"""`POST /datasets/{id}/augment`: the service's own operation on a dataset of the catalogue; the result is kept."""

from __future__ import annotations

from collections.abc import Iterator

from service.http.exchange import Request, Response
from service.http.table import Route
from studio.answering import answer, read_json
from studio.augmenting import augment_dataset
from studio.shapes import WantedAugmentation
from studio.studio import Studio


def make_rows(studio: Studio) -> Iterator[Route]:
    """One row."""

    async def augment(request: Request, id: str) -> Response:
        wanted = read_json(request, WantedAugmentation)
        return answer(await augment_dataset(studio, id, wanted, studio.name_owner(request)), 201)

    yield Route("/datasets/{id}/augment", ("POST",), augment, "use")
