"""One estimator for each task and technique."""
