"""The settings of readers: a reader's `Settings` names those that it has, and `Source` has them all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RoleSettings:
    """What the parts of a file are: columns of a table, arrays of a container, or channels and annotations."""

    label: tuple[str, ...] = ()
    """What holds the label: a column, by its name or its number (from 1); of a table without a header: first, last,
    none or a number; several columns are joined by " | ". A file beside the data with one label a line; an array (npz,
    HDF5, MATLAB); annotations (EDF), or their extension (WFDB)."""
    group: tuple[str, ...] = ()
    """Column or array of the group (patient, machine): no split ever parts a group. Several columns are joined by
    " | "."""
    ignore: tuple[str, ...] = ()
    """Columns, arrays, channels or annotations that are left out."""


@dataclass(frozen=True)
class ArraySettings(RoleSettings):
    """What the arrays of a file are."""

    layout: str | None = None
    """Order of the axes in an array (npz, npy, HDF5, MATLAB; default: n_cases,n_channels,n_timepoints)."""
    key: str | None = None
    """Name of the series array in a file of several (default: X, or X_train and X_test)."""


@dataclass(frozen=True)
class SignalSettings(RoleSettings):
    """Which signals of a recording are its channels."""

    value: tuple[str, ...] = ()
    """Columns of a long table's values, one a channel (default: all that nothing else is), or channels of a recording
    (WFDB, EDF; default: all)."""


@dataclass(frozen=True)
class CommonSettings:
    """What is done with the series of any reader."""

    missing: tuple[str, ...] = ()
    """What stands for a missing value, beside an empty field, "?" and NaN: -200, for instance."""
    window: int | None = None
    """Cut recordings into windows of so many timepoints; those of one recording are a group."""
    stride: int | None = None
    """Timepoints from the start of a window to that of the next (default: the window's length)."""
    time_encoding: float | None = None
    """Give windows two more channels, the sine and cosine of time with this period in timepoints, so that a network
    knows where in the period a window lies; --vae attention --vae.time bypass makes use of it."""
