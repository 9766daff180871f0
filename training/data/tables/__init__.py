"""Tables of any origin become series: columns get roles, and whatever nobody named is refused by name."""
