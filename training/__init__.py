"""Datasets in, bundles out."""
