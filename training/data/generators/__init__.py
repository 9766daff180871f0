"""Generators of datasets, one file each."""
