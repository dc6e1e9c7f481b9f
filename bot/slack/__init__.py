"""The door to Slack: listeners, people, and the messages that follow a run."""
