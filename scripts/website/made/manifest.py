"""Fields of a bundle's manifest, from the models that read it."""

from __future__ import annotations

from bundle.manifest import FORMAT_VERSION, Manifest
from bundle.roles import OPERATIONS
from scripts.website.schemas import find_all, make_object, make_properties
from scripts.website.tables import as_code, make_table

PAGE = """# Manifest

Every field of `manifest.json`, format version {version}, as a server checks it: unknown keys are refused, types are not
coerced. A field with a star must be there. [The format of a bundle](../models/README.md) says what the fields mean
together, and is normative.

{fields}

## What a bundle can do

It follows from the roles of its graphs; `codes` are those of training cases, which a fit keeps where it is told to. Any
one of the combinations is enough.

{operations}

## Parts

{parts}
"""


def make_pages() -> dict[str, str]:
    """Make the page of the manifest."""
    schema = Manifest.model_json_schema()
    parts = schema["$defs"]
    rows = [
        (as_code(name), " or ".join(" + ".join(map(as_code, sorted(way))) for way in ways))
        for name, ways in OPERATIONS.items()
    ]
    return {
        "reference/manifest.md": PAGE.format(
            version=FORMAT_VERSION,
            fields=make_properties(schema),
            operations=make_table(("operation", "graphs of these roles"), rows),
            parts="\n".join(make_object(name, parts[name]) for name in find_all(schema["properties"], parts)),
        )
    }
