"""Pure planning: facts in, plans and decisions out. No I/O, no clock, no randomness, no asyncio."""
