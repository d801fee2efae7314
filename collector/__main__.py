"""``python -m collector train.py …`` records an unchanged training script."""

from collector.attach.command import main

if __name__ == "__main__":
    main()
