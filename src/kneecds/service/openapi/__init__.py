"""The description of every endpoint, OpenAPI 3.1: made of the tables that the service works by."""

from __future__ import annotations

from kneecds.service.openapi.document import document, document_json

__all__ = ["document", "document_json"]
