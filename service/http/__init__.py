"""HTTP: requests in bytes to operations, and their answers to bytes."""
