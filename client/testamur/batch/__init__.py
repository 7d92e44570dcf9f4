"""A batch: claims, leaves, status indexes and the roster it comes from; the bundle that leaves it for a learner."""
