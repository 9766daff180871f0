"""Half an hour of mixed work in which nothing may grow: `python -m loadtest.soak`.

`questions` says what is asked, `over_http` and `over_grpc` over which wires, `asking` sends at a steady rate and checks
each answer, `refreshing` publishes new versions meanwhile, and `judging` says minute by minute what was found, and
whether it stayed flat.
"""
