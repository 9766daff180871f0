"""The parts of the OpenAPI document that no path owns: schemas of models, refusals, examples of what is served."""
