"""The paired protocol: what a policy brings, measured on the archive's own test sets, which nothing is chosen on.

A job is one dataset and one seed, of one level of a curve where there is one. In a job every policy meets the same
training cases, resampled to the working length, the same hyperparameters, number of gradient steps and seed.
"""
