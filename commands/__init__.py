"""The verbs a person can use, one per file; words in, a reply value out."""
