"""Whether augmentation is likely to help a dataset, by what it brought to others: no training, numbers alone."""
