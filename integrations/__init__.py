"""Other people's systems, one file or folder each, behind the Protocols of `integrations.protocols`."""
