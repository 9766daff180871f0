"""Builds the images without a container engine, runs and calls them: `make image-check`."""
