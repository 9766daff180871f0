"""The studio: a catalogue of datasets, fits as jobs, and the page, mounted beside the service's own paths."""
