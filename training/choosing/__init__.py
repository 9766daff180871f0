"""A policy is chosen by cross-validation on the training set alone."""
