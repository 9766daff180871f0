"""Settings of a server and of its studio, from their dataclasses."""

from __future__ import annotations

from scripts.website.fields import make_fields_table
from service.settings import PREFIX, STUDIO, Settings
from studio.settings import StudioSettings

PAGE = """# Settings

A server reads its settings from the environment, once, when it starts. A value that cannot be read ends it with a
sentence that names the variable; a variable of the prefix that is no setting is warned of, with the nearest that is.
`true`, `1` and `yes` are true, `false`, `0` and `no` false. An empty variable is as good as none.

## The server

{server}

[Running it](../service/README.md#settings) says what Kubernetes adds to the environment, and
[SECURITY.md](../SECURITY.md) which settings strangers make necessary.

## The studio

The studio is mounted where its packages are installed ([Studio](../studio/README.md)). Its folder lies beside the
folder of models, as `.studio`, unless it is set.

{studio}
"""


def make_pages() -> dict[str, str]:
    """Make the page of all variables."""
    server = make_fields_table("variable", Settings, lambda name: PREFIX + name.upper())
    studio = make_fields_table("variable", StudioSettings, lambda name: STUDIO + name.upper())
    return {"reference/settings.md": PAGE.format(server=server, studio=studio)}
