"""`python -m mobilenet_cli` is `mnclassify`."""

from mobilenet_cli.cli import main

if __name__ == "__main__":
    main()
