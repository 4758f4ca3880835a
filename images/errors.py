"""What can go wrong with an image.

ImageError    the message says what is missing or wrong, and what to do; exit code 1
"""


class ImageError(Exception):
    """An image cannot be built or measured; the message is complete for a person."""
