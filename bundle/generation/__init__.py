"""The one place where series are made, for serving and for judging a fit: a recipe says what, a model says of what.

`blocks` turns a `Recipe` into series with the answers of a `Model`; `sources` are the policies, `rejection` draws again
what does not convince, `start` begins at a caller's cases.
"""
