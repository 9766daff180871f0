"""HTTP/1.1 of our own: a strict reader without I/O, and the connections that it serves."""
