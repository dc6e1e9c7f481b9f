"""The hands: runs approved plans step by step, and writes only the run log."""
