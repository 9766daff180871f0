"""Networks and mixtures are fitted to cases."""
