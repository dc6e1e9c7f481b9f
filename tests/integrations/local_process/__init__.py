"""Tests of integrations.local_process, with real processes."""
