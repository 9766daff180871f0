"""The sections of a report, one file each: `section(inputs) -> Section`. `training.report.page` sets their order."""
