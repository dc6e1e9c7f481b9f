"""The process: the Slack door, the store, the hands that run plans, a local workspace, and the command line."""
