"""The image of Postgres: the server, what it is linked to, and what makes and dumps its data."""
