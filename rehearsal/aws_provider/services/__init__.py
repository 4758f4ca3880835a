"""The resource types the stand-in serves, a file a family; `registry.py` has them all."""
