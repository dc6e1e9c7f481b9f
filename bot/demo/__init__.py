"""The demo: the whole bot on this machine, over a small shop of real processes."""
