"""`python training/classify.py`: series are scored in bulk by a bundle; see `training/scale/classifying.py`."""

from __future__ import annotations

if __name__ == "__main__":  # before what may not be installed
    from starting import run_script  # type: ignore[import-not-found]  # it lies beside this script

    run_script("classify")

from training.scale.classifying import main

__all__ = ["main"]
