"""How fast and how large: one command, the same questions to Rollbot and to two simpler ways, in the same run."""
