"""Jobs: fits that wait, run in processes of their own, and end; a restart loses none."""
