"""How the values of a type pass, as the user says."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from fasterapi.pg import exceptions, introspection, protocol
from fasterapi.pg.session import Session

if TYPE_CHECKING:
    from fasterapi.pg.protocol import Record

Format = Literal["text", "binary", "tuple"]


class TypeCodecs(Session):
    """The part of a connection that sets codecs."""

    __slots__ = ()

    async def set_type_codec(
        self,
        typename: str,
        *,
        schema: str = "public",
        encoder: Callable[[Any], Any],
        decoder: Callable[[Any], Any],
        format: Format = "text",
    ) -> None:
        """Passes values of a type through two functions.

        `encoder` gets the argument, `decoder` what came from the server, as text (`str`), in binary (`bytes`), or as
        the tuple of the value's parts; see the guide for the types that have these.
        """
        self._check_open()
        typeinfo = await self._introspect_type(typename, schema)
        rows: list[Record] = []
        if introspection.is_domain_type(typeinfo):
            raise exceptions.UnsupportedClientFeatureError(
                "custom codecs on domain types are not supported",
                hint="Set the codec on the base type.",
                detail="The server reports values of a domain as those of its base type.",
            )
        if introspection.is_composite_type(typeinfo):
            if format != "tuple":
                raise exceptions.UnsupportedClientFeatureError(
                    "only tuple-format codecs can be used on composite types",
                    hint="Use `set_type_codec(..., format='tuple')`, and pass and take the data as a tuple.",
                )
            rows, _ = await self._introspect_types((typeinfo["oid"],), 10)
        elif not introspection.is_scalar_type(typeinfo):
            raise exceptions.InterfaceError(
                f"cannot use custom codec on type {schema}.{typename}: it is neither a scalar type nor a composite type"
            )
        self._assign_codec(typeinfo["oid"], rows, encoder, decoder, format)

    async def reset_type_codec(self, typename: str, *, schema: str = "public") -> None:
        """Gives a type its own codec again."""
        typeinfo = await self._introspect_type(typename, schema)
        self._protocol.get_settings().remove_python_codec(typeinfo["oid"])
        self._drop_local_statement_cache()

    async def set_builtin_type_codec(
        self,
        typename: str,
        *,
        schema: str = "public",
        codec_name: str,
        format: Literal["text", "binary"] | None = None,
    ) -> None:
        """Passes values of a type as those of a built-in type, or of a known extension: `pg_contrib.hstore`.

        They travel as the built-in type's do, or in `format` where that type has it.
        """
        self._check_open()
        typeinfo = await self._introspect_type(typename, schema)
        if not introspection.is_scalar_type(typeinfo):
            raise exceptions.InterfaceError(f"cannot alias non-scalar type {schema}.{typename}")
        self._protocol.get_settings().set_builtin_type_codec(typeinfo["oid"], codec_name, format)
        self._drop_local_statement_cache()

    async def reload_schema_state(self) -> None:
        """Forgets what is known of the schema: to be called after a type has changed."""
        self._drop_global_type_cache()
        self._drop_global_statement_cache()

    def _assign_codec(
        self,
        oid: int,
        rows: "list[Record]",
        encoder: Callable[[Any], Any],
        decoder: Callable[[Any], Any],
        format: Format,
    ) -> None:
        settings = self._protocol.get_settings()
        if rows:
            settings.register_data_types(introspection.parts_first(rows))
        settings.add_python_codec(oid, encoder, decoder, format)
        # The statements in it have the codecs from before.
        self._drop_local_statement_cache()

    async def _introspect_type(self, typename: str, schema: str) -> "introspection.TypeInfo":
        oid = protocol.BUILTIN_TYPE_NAME_MAP.get(typename.lower()) if schema == "pg_catalog" else None
        if oid is not None:
            return {"oid": oid, "elemtype": None, "kind": b"b"}
        statement = await self._get_statement(
            introspection.TYPE_BY_NAME, None, ignore_custom_codec=True, record_class=protocol.Record
        )
        rows: list[Record] = await self._protocol.bind_execute(
            statement, (typename, schema), "", 1, False, self._command_timeout
        )
        if not rows:
            raise ValueError(f"unknown type: {schema}.{typename}")
        return rows[0]

    def _drop_global_statement_cache(self) -> None:
        self._shared.clear()
        holder = None if self._pool_holder is None else self._pool_holder()
        if holder is not None:
            holder._pool._drop_statement_cache()
        else:
            self._drop_local_statement_cache()

    def _drop_global_type_cache(self) -> None:
        holder = None if self._pool_holder is None else self._pool_holder()
        if holder is not None:
            holder._pool._drop_type_cache()
        else:
            self._drop_local_type_cache()
