"""Readers of datasets, one file a format."""
