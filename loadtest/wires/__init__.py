"""What the servers speak, one file each; every function makes a `Wire`."""
