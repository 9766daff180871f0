"""Watching a fit learn: what its networks make of some cases after every epoch, as a page, an animation or a record.

A `Viewer` is a watcher that is told, besides stages and steps, what is fitted, each look at a network, and the end. One
is made for each way of watching that the configuration asks for: `live`, `animation`, and the files of `tracking/`.
"""
