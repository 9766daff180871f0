"""`seriesmith classify`: what a bundle says of as many series as there are, by as many machines as there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from bundle.errors import SeriesmithError
from training.scale.bundles import find_bundle, pack, unpack
from training.scale.inputs import open_inputs
from training.scale.jobs import DONE, open_job
from training.scale.making import choose_shard_rows
from training.scale.options import make_parser, parse_rows
from training.scale.places import Place
from training.scale.running import run_tasks, show_progress
from training.scale.scoring import Scoring, build_schema, score_part
from training.settings import ConfigurationError

DESCRIPTION = """\
Score series in bulk: labels, probabilities, errors, anomaly scores, typicality, as far as the bundle can.
A row that cannot be scored has nulls, and the reason in the column `refused`. Order is kept; the same command goes on
where one was stopped."""

SUMMED = ("rows", "refused", "anomalies")
"""Of the summaries of all parts."""


def classify(job: Scoring, place: Place, workers: int = 0, address: str | None = None) -> dict[str, Any]:
    """Score what a job lacks, and say in `_done.json` that all is there; its content.

    Raises `Unsupported` where the bundle can score nothing, `ConfigurationError` where the folder holds another job,
    and `OSError` where it refuses.
    """
    build_schema(unpack(job.packed), job.codes)
    open_job(place, job.facts)
    answers = run_tasks(partial(score_part, job, place), range(job.n_parts), workers, address)
    done: dict[str, Any] = {"job": job.digest, "parts": job.n_parts, **dict.fromkeys(SUMMED, 0)}
    for summary in show_progress(answers, job.n_parts, "parts", job.inputs.n_rows / job.n_parts):
        done |= {name: done[name] + summary[name] for name in SUMMED}
    place.remove_leftovers()
    place.write(DONE, json.dumps(done, indent=2, sort_keys=True).encode() + b"\n")
    return done


def main(arguments: Sequence[str] | None = None, prog: str = "seriesmith classify") -> int:
    """The command line; answers the exit status."""
    parser = make_parser(prog, DESCRIPTION)
    parser.add_argument(
        "--from", dest="source", required=True, metavar="URL",
        help="Parquet files with a column `series` in a folder or a store, or a file or folder that a fit reads",
    )  # fmt: skip
    parser.add_argument("--codes", action="store_true", help="write latent codes too, as posterior_mean")
    parser.add_argument("--part-rows", type=parse_rows, help="rows of a file (default: of what comes to 64 MB)")
    given = parser.parse_args(arguments)
    try:
        place = Place(given.to)
        packed = pack(find_bundle(given.bundle, given.models))
        rows = given.part_rows or choose_shard_rows(unpack(packed).manifest.series)
        job = Scoring(packed, open_inputs(given.source, rows), given.codes)
        done = classify(job, place, given.workers, given.address)
    except (ConfigurationError, SeriesmithError, OSError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{prog}: stopped; the same command goes on where it stopped.", file=sys.stderr)
        return 130
    print(f"{given.to}: {done['rows']} series in {done['parts']} parts, {done['anomalies']} of them anomalous")
    if done["refused"]:
        print(f"{done['refused']} rows could not be scored; the column `refused` says why.", file=sys.stderr)
    return 0
