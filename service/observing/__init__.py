"""What an operator learns of single requests: the access log, the log of slow requests, and traces."""
