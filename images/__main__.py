"""`python -m images`: see `images.cli`."""

from images.cli import main

if __name__ == "__main__":
    main()
