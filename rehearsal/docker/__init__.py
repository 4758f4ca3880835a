"""Which Docker daemon a rehearsal uses: one that is there, or one of its own, which leaves nothing behind."""
