"""Slices, network, data layer and listener on AWS."""
