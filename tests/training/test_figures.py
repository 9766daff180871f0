"""What was measured is said with its cases and its interval, and three cases are called three."""

from __future__ import annotations

from typing import Any

import numpy as np

from bundle.evidence import Metrics
from bundle.manifest import Manifest, read_manifest
from tests.bundle.breaking import SMALL
from training.figures import describe_accuracy, describe_few, describe_recall, format_digits
from training.quality.accuracy import measure_accuracy

PLAIN = read_manifest((SMALL / "manifest.json").read_bytes())


def describe(counts: dict[str, tuple[int, int]], **metrics: Any) -> tuple[str, str | None, str | None]:
    """What is said of so many right ones and cases of each class; a wrong one is taken for the next class."""
    truth = np.repeat(range(len(counts)), [n_cases for _, n_cases in counts.values()])
    wrong = np.concatenate([np.arange(n_cases) >= n_correct for n_correct, n_cases in counts.values()])
    probabilities = np.eye(len(counts))[(truth + wrong) % len(counts)]
    measured = measure_accuracy(truth, probabilities, tuple(counts), truth)
    found = Metrics(**measured, measured_on="given test set", **metrics)
    manifest: Manifest = PLAIN.model_copy(update={"metrics": found})
    return describe_accuracy(manifest), describe_recall(found), describe_few(found)


def test_many_cases_have_an_interval_and_each_class_its_recall() -> None:
    assert describe({"1": (75, 76), "2": (74, 74)}) == (
        ".993 [.963, .999] on 150 cases of the given test set; balanced .993 [.955, .999]; macro F1 .993; average "
        "precision of class '2' .987, by chance .493",
        "1 .99 (76), 2 1.00 (74)",
        None,
    )


def test_three_right_cases_of_three_are_no_accuracy_of_one() -> None:
    accuracy, recall, few = describe({"x": (3, 3)})
    assert accuracy.startswith("3/3 [.44, 1] on 3 cases") and "1.000" not in accuracy
    assert recall == "x 1.00 (3)"
    assert few == "3 cases of class 'x': recall 3/3, interval .44 to 1"


def test_a_class_that_was_not_measured_is_named_and_of_many_classes_the_worst_are() -> None:
    _, recall, few = describe({"x": (30, 30), "y": (0, 0)})
    assert recall == "x 1.00 (30)" and few == "no case of class 'y': its recall is not known"
    counts = {f"c{number}": (number, 12) for number in range(9)}
    _, recall, few = describe(counts)
    assert recall is not None and recall.startswith("c0 .00 (12), c1 .08 (12)")
    assert recall.endswith("; the lowest of 9 classes") and recall.count("(12)") == 6
    assert few is not None and few.endswith("3 more classes with less than 20 cases")


def test_no_share_is_rounded_to_certainty() -> None:
    assert [format_digits(share, 2000) for share in (1.0, 0.9999, 0.0001, 0.0)] == ["1.000", ".999", ".001", ".000"]


def test_cross_validation_stands_beside_and_earlier_bundles_say_what_they_know() -> None:
    row = {"policy": "latent", "nll": 0.1, "balanced_accuracy": 0.9, "uplift": {"mean": 0.0, "low": 0.0, "high": 0.0}}
    advice = {"policy": "latent", "use": False, "uplift": None}
    both = [{**row, "policy": "none", "accuracy": 0.5}, {**row, "accuracy": 0.975}]
    uplift: dict[str, Any] = {"policy": "latent", "balanced": False, "n_cases": 40, "n_folds": 3, "weight": 0.5}
    accuracy, _, _ = describe({"x": (30, 30)}, uplift={**uplift, "candidates": both, "advice": advice})
    assert accuracy.endswith("; cross-validated .97 on 40 training cases")
    old = Metrics(accuracy=0.975, balanced_accuracy=0.97, n_measured=40, measured_on="held-out split")
    said = describe_accuracy(PLAIN.model_copy(update={"metrics": old}))
    assert said == ".97 on 40 cases of the held-out split; balanced .97"
    assert describe_recall(old) is None and describe_few(old) is None
