"""HTTP/2 (RFC 9113) with header compression (RFC 7541), as much as a gRPC server needs of it, and no more."""
