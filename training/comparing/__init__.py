"""Bundles beside each other: what their manifests say, and what every family makes of the same datasets."""
