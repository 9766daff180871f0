"""No module imports, by whatever way, a module that imports it; imports for types alone count too."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

ROOMS = ("bundle", "loadtest", "seriesmith", "service", "studio", "training")


def test_no_import_goes_in_a_circle() -> None:
    graph = grimp.build_graph(*ROOMS)
    arrows = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert len(arrows) > 300
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))
