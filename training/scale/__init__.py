"""What one machine is too small for: bulk generation, bulk scoring and sweeps, on processes or on a cluster of Ray."""
