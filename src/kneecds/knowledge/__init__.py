"""What we know, as files, and how it is read."""

from kneecds.knowledge.artefact import Compiled as Knowledge
from kneecds.knowledge.artefact import shipped

__all__ = ["Knowledge", "shipped"]
