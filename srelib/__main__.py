"""``python -m srelib`` is the same as the command ``srelib``."""

from srelib.cli import main

if __name__ == "__main__":
    main()
