"""The memory: everything that is in Redis, and nothing that is elsewhere."""
