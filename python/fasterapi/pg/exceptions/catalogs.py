"""Databases, schemas, and what depends on them."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class DependentPrivilegeDescriptorsStillExistError(PostgresError):
    """PostgreSQL's dependent_privilege_descriptors_still_exist."""

    sqlstate: str | None = "2B000"


class DependentObjectsStillExistError(DependentPrivilegeDescriptorsStillExistError):
    """PostgreSQL's dependent_objects_still_exist."""

    sqlstate: str | None = "2BP01"


class InvalidCatalogNameError(PostgresError):
    """PostgreSQL's invalid_catalog_name."""

    sqlstate: str | None = "3D000"


class InvalidSchemaNameError(PostgresError):
    """PostgreSQL's invalid_schema_name."""

    sqlstate: str | None = "3F000"
