"""From a fit to the repository: the gate, the version in service that it compares with, and what is kept aside."""
