"""A local Slack for one machine: Web API, Socket Mode and a page."""
