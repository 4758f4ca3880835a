"""The Node image: what its Dockerfile lays into it, and from which packages."""
