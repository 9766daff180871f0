"""Programs that load a server, each a process of its own whose cost is measured."""
