"""Slices of containers on one Docker host."""
