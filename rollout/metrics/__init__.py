"""Sources of request counts."""
