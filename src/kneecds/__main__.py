"""`python -m kneecds`."""

from kneecds.cli import main

if __name__ == "__main__":
    main()
