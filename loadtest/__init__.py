"""Loads our server and its peers alike, and says what came of it."""
