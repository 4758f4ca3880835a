"""Figures of this program, each a ratio in one run: `python -m bench.NAME`."""
