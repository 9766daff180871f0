"""How an uploaded file is read: the settings of readers that somebody at a page has a say in."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bundle.errors import InvalidRequest

Words = Annotated[
    list[Annotated[str, Field(max_length=500)]],
    BeforeValidator(lambda value: [] if value is None else [value] if isinstance(value, str | int | float) else value),
    Field(max_length=1000),
]
Word = Annotated[str | None, Field(max_length=500)]
Timepoints = Annotated[int | None, Field(ge=1, le=2**31)]


class ReadSettings(BaseModel):
    """The fields of `training.data.Source`; a single word stands for a list of one, null and "" for none."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    label: Words = []
    group: Words = []
    id: Words = []
    time: Word = None
    value: Words = []
    ignore: Words = []
    format: Word = None
    layout: Word = None
    key: Word = None
    names: Word = None
    window: Timepoints = None
    stride: Timepoints = None
    missing: Words = []
    delimiter: Word = None
    decimal: Literal[".", ","] | None = None
    drop_unlabelled: bool = False

    @classmethod
    def check(cls, settings: dict[str, Any]) -> dict[str, Any]:
        """All settings, the given ones checked. Raises `InvalidRequest` that names the first that will not do."""
        try:
            return cls.model_validate(settings).model_dump()
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            raise InvalidRequest(f"settings.{field}: {first['msg']}.", f"settings.{field}") from error

    def to_fields(self, folder: Path) -> dict[str, Any]:
        """The fields of a `Source`; `names` is a file in the folder."""
        fields = {
            name: tuple(word for word in value if word) if isinstance(value, list) else (value or None)
            for name, value in self.model_dump().items()
        }
        fields["drop_unlabelled"] = self.drop_unlabelled
        if self.names:
            fields["names"] = folder / PurePosixPath(self.names).name
        return fields
