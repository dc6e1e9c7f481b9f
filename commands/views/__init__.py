"""Plans, replies and log entries drawn for people outside Slack: plain text, pictures. Pure: value in, text out."""
