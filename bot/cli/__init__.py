"""The command line: one file per verb, over the same pieces that Slack uses."""
