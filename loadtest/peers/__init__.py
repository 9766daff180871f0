"""Other servers of the same graph, one folder each, found by name.

A folder holds `peer.py` with `SERVER`, `requirements.txt`, from which the peer's own environment is made, and
`app.py`, which that environment runs: the peer as its documentation makes it fast.
"""
