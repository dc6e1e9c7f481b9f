"""Texts and blocks for Slack: a value in, blocks and fallback text out; pure."""
