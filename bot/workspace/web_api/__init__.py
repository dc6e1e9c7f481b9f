"""Slack's Web API as the bot calls it: one file for each family of methods, and the door that checks tokens and limits."""
