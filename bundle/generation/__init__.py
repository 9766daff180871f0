"""Makes series: recipes, where series come from, rejection, texture and warps."""
