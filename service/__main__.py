"""`python -m service [OPTIONS]`: `bentoml serve` of this service, where it can start; a sentence where it cannot."""

from __future__ import annotations

import os
import sys

from service.settings import quiet_environment, require_writable


def main(arguments: list[str]) -> None:
    """Become the server. Raises `SystemExit` with a sentence where it could not start."""
    try:
        require_writable()
    except OSError as error:
        raise SystemExit(str(error)) from error
    command = [sys.executable, "-m", "bentoml", "serve", "service.app:Seriesmith", *arguments]
    os.execve(sys.executable, command, quiet_environment())


if __name__ == "__main__":
    main(sys.argv[1:])
