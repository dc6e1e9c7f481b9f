"""What can go wrong with an outside system, named by what to do next.

    IntegrationError
    ├── Unavailable      nothing happened; try again later
    ├── Rejected         it answered no; trying the same again is useless
    │   └── Conflict     it runs something else than expected; look again, never force
    └── OutcomeUnknown   it may have happened; observe before doing anything again

`message` is fit for a chat message: it never holds a secret.
"""


class IntegrationError(Exception):
    """Something outside did not do as asked."""


class Unavailable(IntegrationError):
    """It could not be reached or is not ready; nothing was changed."""


class Rejected(IntegrationError):
    """It understood and refused; the message says why in its own words."""


class Conflict(Rejected):
    """The expected current release is not what runs."""


class OutcomeUnknown(IntegrationError):
    """The request was sent and no answer came; only an observation tells what happened."""
