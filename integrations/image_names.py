"""The parts of an image's name: repository, tag, digest. Pure."""


def repository(image: str) -> str:
    """The image without tag and digest."""
    name = image.split("@", 1)[0]
    head, _, tail = name.rpartition("/")
    return f"{head}/{tail.split(':', 1)[0]}" if head else tail.split(":", 1)[0]


def tag(image: str) -> str:
    """The image's tag; empty where there is none."""
    return image.split("@", 1)[0].rpartition("/")[2].partition(":")[2]


def digest(image: str) -> str:
    """The image's digest, `sha256:…`; empty where there is none."""
    return image.partition("@")[2]
