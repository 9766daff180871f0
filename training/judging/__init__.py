"""Whether cases added to a training set make each kind of classifier better, and whether what is free does as well."""
