"""Drivers that read and set live weights."""
