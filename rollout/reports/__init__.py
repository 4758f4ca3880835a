"""The page of one walk, with its charts."""
