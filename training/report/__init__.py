"""A report on a fit: one HTML file that shows real series beside synthetic ones, and needs nothing else to be read.

It shows real series, so it lies outside the bundle, in `reports/<name>/<version>/`, which git does not track.
"""

from training.report.gather import report_inputs, sample
from training.report.inputs import Collection, ReportInputs
from training.report.page import write_report

__all__ = ["Collection", "ReportInputs", "report_inputs", "sample", "write_report"]
