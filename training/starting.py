"""Where `python training/<command>.py` begins: it runs the command of the installed package, or says how to install it.

Python finds this file because it lies beside the script, whether anything is installed or not.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import NoReturn


def run_script(command: str) -> NoReturn:
    """Run a command by the arguments of this process, and end it."""
    if find_spec("training") is None:
        print(
            f"{command}.py: install the project first, from its folder: pip install -e '.[cpu,training]'",
            file=sys.stderr,
        )
        sys.exit(2)
    from training.console import run_command

    sys.exit(run_command(command, sys.argv[1:], f"{command}.py"))
