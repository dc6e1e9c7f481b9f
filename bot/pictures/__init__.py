"""Pictures as PNG, for those who cannot take SVG: Slack, and mail."""
