"""The resource types the stand-in serves."""
