"""`seriesmith generate --bundle`: as many series of a bundle as wanted, in shards, by as many machines as there are."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from bundle.errors import SeriesmithError
from bundle.manifest import Manifest
from training.scale.bundles import find_bundle, pack, unpack
from training.scale.jobs import DONE, open_job, read_seed
from training.scale.making import Generation, make_shard, plan_generation
from training.scale.options import draw_seed, make_parser, parse_expansion, parse_rows, parse_seed
from training.scale.places import Place
from training.scale.running import run_tasks, show_progress
from training.settings import ConfigurationError

DESCRIPTION = """\
Write series of a bundle to Parquet files in a folder or a store: those that /sample gives for a seed and
counts. The same command goes on where one was stopped; what is written depends on no number of workers."""


def generate(job: Generation, place: Place, workers: int = 0, address: str | None = None) -> dict[str, Any]:
    """Make what a job lacks, and say in `_done.json` that all is there; its content.

    Raises `ConfigurationError` where the folder holds another job, and `OSError` where it refuses.
    """
    open_job(place, job.facts)
    answers = run_tasks(partial(make_shard, job, place), range(job.n_shards), workers, address)
    shown = show_progress(answers, job.n_shards, "shards", job.n_rows / job.n_shards)
    done = {"job": job.digest, "shards": job.n_shards, "rows": job.n_rows, "made": sum_up(shown, job.labels)}
    place.remove_leftovers()
    place.write(DONE, json.dumps(done, indent=2, sort_keys=True).encode() + b"\n")
    return done


def sum_up(summaries: Iterable[dict[str, Any]], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """By class what all shards together hold."""
    total = {label: {"series": 0, "proposals": 0, "fallbacks": 0} for label in labels}
    for summary in summaries:
        for label, of_class in summary["made"].items():
            for name, count in of_class.items():
                total[label][name] += count
    return total


def choose_counts(manifest: Manifest, rows: int | None, counts: Sequence[str] | None, balance: str) -> dict[int, int]:
    """Series by class index: as `counts` says, LABEL=COUNT each, or `rows` over all classes, equally or as in training.

    Raises `ConfigurationError` for what is no count, and `InvalidRequest` for a class that there is not.
    """
    if counts is None:
        assert rows is not None, "the parser asks for one of them"
        weights = [1 if balance == "equal" else card.training_count for card in manifest.classes]
        return dict(enumerate(share_out(rows, weights)))
    chosen: dict[int, int] = {}
    for word in counts:
        label, equals, count = word.rpartition("=")
        index = manifest.find_class_index(label, "--counts") if equals else None
        if index is None or index in chosen or not count.isdecimal():
            raise ConfigurationError(f"--counts is given {word!r}; give LABEL=COUNT, each class once: 1=600 2=400.")
        chosen[index] = int(count)
    return chosen


def share_out(rows: int, weights: Sequence[int]) -> list[int]:
    """`rows` in proportion to `weights`, whole numbers that sum to it."""
    total, ends = sum(weights), [0]
    for place in range(len(weights)):
        ends.append(rows * sum(weights[: place + 1]) // total)
    return [end - start for start, end in pairwise(ends)]


def main(arguments: Sequence[str] | None = None, prog: str = "seriesmith generate") -> int:
    """The command line; answers the exit status."""
    given = _build_parser(prog).parse_args(arguments)
    try:
        place = Place(given.to)
        packed = pack(find_bundle(given.bundle, given.models))
        counts = choose_counts(unpack(packed).manifest, given.rows, given.counts, given.balance)
        seed = draw_seed(read_seed(place) if given.seed is None else given.seed)
        job = plan_generation(packed, counts, seed, given.expansion, given.shard_rows)
        done = generate(job, place, given.workers, given.address)
    except (ConfigurationError, SeriesmithError, OSError) as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{prog}: stopped; the same command goes on where it stopped.", file=sys.stderr)
        return 130
    print(f"{given.to}: {done['rows']} series in {done['shards']} shards, seed {seed}")
    return 0


def _build_parser(prog: str) -> argparse.ArgumentParser:
    parser = make_parser(prog, DESCRIPTION)
    how_many = parser.add_mutually_exclusive_group(required=True)
    how_many.add_argument("--rows", type=parse_rows, help="series in all: 1000000, or 1e6")
    how_many.add_argument("--counts", nargs="+", metavar="LABEL=COUNT", help="series of each class")
    parser.add_argument(
        "--balance", choices=("equal", "training"), default="equal", help="how --rows is shared out over the classes"
    )
    parser.add_argument("--seed", type=parse_seed, help="equal seeds give equal series (default: one is drawn)")
    parser.add_argument("--expansion", type=parse_expansion, help="factor on the covariance (default: the bundle's)")
    parser.add_argument("--shard-rows", type=parse_rows, help="series of a file (default: what comes to 64 MB)")
    return parser
