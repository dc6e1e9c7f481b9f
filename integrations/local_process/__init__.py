"""Services that are plain processes of this machine: the runtime of the demo, and of anyone with no more than processes."""

from integrations.local_process.runtime import LocalProcessRuntime
from integrations.local_process.settings import KIND, LocalProcessSettings, problems

__all__ = ["KIND", "LocalProcessRuntime", "LocalProcessSettings", "problems"]
