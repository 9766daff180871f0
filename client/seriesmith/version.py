"""The version of the client, for `pip` and for whoever asks."""

VERSION = "0.2.0"
