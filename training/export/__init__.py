"""A fitted model becomes the files of a bundle."""
