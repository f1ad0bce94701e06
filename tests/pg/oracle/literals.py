"""Values of the base types as PostgreSQL writes them: ordinary ones, edges, infinities, the empty ones."""

from __future__ import annotations

_DATES = [
    "2000-01-01",
    "1999-12-31",
    "2024-02-29",
    "0001-01-01",
    "9999-12-31",
    "infinity",
    "-infinity",
    "0044-03-15 BC",
]
_TIMES = ["00:00", "23:59:59.999999", "12:34:56.5", "24:00"]
_STAMPS = ["2000-01-01 00:00", "1999-12-31 23:59:59.999999", "2024-02-29 12:34:56.789", "0001-01-01",
           "9999-12-31 23:59", "infinity", "-infinity", "0044-03-15 12:00 BC",
           "294276-12-31 23:59:59.999999"]  # fmt: skip
_OBJECTS = ["pg_class", "-"]
_TEXTS = ["", "a", "two words", 'q"uo\\te', "ünïcödé 🐘", "NULL", "{x,y}", "tab\tline\n"]
_FLOATS = ["0", "-0", "1.5", "-2.25", "Infinity", "-Infinity", "NaN"]

LITERALS: dict[str, list[str]] = {
    "aclitem": ["postgres=r/postgres", "=U/postgres"],
    "bit": ["0", "1"],
    "bool": ["true", "false"],
    "box": ["(1,2),(-3,4.5)", "(0,0),(0,0)"],
    "bpchar": ["", "abc", "ünïcödé"],
    "bytea": ["", "\\x00", "\\x00ff10", "\\x" + "ab" * 1000],
    "char": ["", "a", "\\377"],
    "cid": ["0", "1", "4294967295"],
    "cidr": ["10.0.0.0/8", "192.168.1.0/24", "192.168.1.7/32", "::/0", "2001:db8::/32", "0.0.0.0/0"],
    "circle": ["<(1,2),3>", "<(-1.5,0),0>"],
    "date": _DATES,
    "float4": [*_FLOATS, "3.4028235e38", "1e-45", "0.1"],
    "float8": [*_FLOATS, "1.7976931348623157e308", "5e-324", "0.1"],
    "inet": [
        "127.0.0.1",
        "10.1.2.3/8",
        "10.0.0.0/8",
        "::1",
        "fe80::1/64",
        "::ffff:1.2.3.4",
        "192.168.0.1/32",
        "::2/128",
    ],
    "int2": ["0", "1", "-1", "32767", "-32768"],
    "int4": ["0", "1", "-1", "2147483647", "-2147483648"],
    "int8": ["0", "1", "-1", "9223372036854775807", "-9223372036854775808"],
    "int2vector": ["", "1", "1 -2 3"],
    "interval": [
        "0",
        "1 microsecond",
        "-1 microsecond",
        "1 day",
        "-1 mon",
        "1 year 2 mons -3 days 04:05:06.789012",
        "-1 year -2 mons 3 days -04:05:06",
        "14 mons",
        "-14 mons",
        "100000 days",
        "999999:59:59",
    ],
    "json": ["null", "1", '"a"', "[]", "{}", '{"b": [1, 2.50, null], "a": "\\u00e9", "a": 2}', "  [1 ,2]  "],
    "jsonb": [
        "null",
        "1",
        '"a"',
        "[]",
        "{}",
        '{"b": [1, 2.50, null], "a": "\\u00e9"}',
        "123456789012345678901234567890",
    ],
    "jsonpath": ["$", "$.a[*] ? (@ > 1)", "strict $"],
    "line": ["{1,-1,0}", "{0,2,5.5}"],
    "lseg": ["[(1,2),(3,4)]", "[(0,0),(0,0)]"],
    "macaddr": ["00:00:00:00:00:00", "08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff"],
    "macaddr8": ["00:00:00:00:00:00:00:00", "08:00:2b:01:02:03:04:05"],
    "money": ["0", "12.34", "-1234567.89", "92233720368547758.07"],
    "name": ["", "a", "ünï"],
    "numeric": [
        "0",
        "0.00",
        "1",
        "-1",
        "0.1",
        "-0.00001",
        "10000",
        "10000000000000000",
        "12345678901234567890.0123456789",
        "1e-20",
        "1e100",
        "NaN",
        "0.0000",
        "99999999.9999",
        "100",
        "1e4",
        "1e8",
        "-1e-8",
        "3.14159265358979323846264338327950288",
    ],
    "oid": ["0", "1", "4294967295"],
    "oidvector": ["", "1", "1 4294967295 3"],
    "path": ["[(1,2)]", "((1,2),(3,4.5))", "[(1,2),(3,4),(5,6)]"],
    "pg_lsn": ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"],
    "pg_snapshot": ["10:20:10,14,15", "1:1:"],
    "point": ["(0,0)", "(1.5,-2)", "(Infinity,NaN)"],
    "polygon": ["((1,2))", "((1,2),(3,4),(5,6.5))"],
    "refcursor": ["", "cursor"],
    "regclass": _OBJECTS,
    "regcollation": ['"C"', "-"],
    "regconfig": ["english", "simple"],
    "regdictionary": ["simple"],
    "regnamespace": ["pg_catalog", "-"],
    "regoper": ["pg_catalog.||/", "0"],
    "regoperator": ["+(integer,integer)", "0"],
    "regproc": ["now", "-"],
    "regprocedure": ["abs(integer)", "-"],
    "regrole": ["postgres", "-"],
    "regtype": ["integer", "text[]", "-"],
    "text": _TEXTS,
    "tid": ["(0,0)", "(4294967295,65535)"],
    "time": _TIMES,
    "timestamp": _STAMPS,
    "timestamptz": [
        *(f"{stamp}+00" if "BC" not in stamp and "inf" not in stamp else stamp for stamp in _STAMPS),
        "2024-06-01 12:00+05:30",
    ],
    "timetz": ["00:00+00", "23:59:59.999999-08", "12:34:56+05:30", "24:00+00", "01:02:03.000004-15:59"],
    "tsquery": ["", "'fat' & 'rat'", "'super':*A | !'x' <2> 'y'"],
    "tsvector": ["", "'a' 'cat' 'fat':1A,2B"],
    "txid_snapshot": ["10:20:10,14,15", "1:1:"],
    "uuid": ["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    "varbit": ["", "1", "101", "1111111100000001"],
    "varchar": _TEXTS,
    "xid": ["0", "3", "4294967295"],
    "xid8": ["0", "18446744073709551615"],
    "xml": ["", "<a>b</a>", "text &amp; <b/>"],
    # Contributed modules, and vectors.
    "citext": ["", "MiXed", "ünï"],
    "cube": ["(0)", "(1,2,3),(4,5,6)"],
    "earth": ["(0)"],
    "ean13": ["978-0-393-04002-9"],
    "isbn": ["0-393-04002-X"],
    "isbn13": ["978-0-393-04002-9"],
    "ismn": ["M-3452-4680-5"],
    "ismn13": ["979-0-3452-4680-5"],
    "issn": ["1436-4522"],
    "issn13": ["977-1436-452-00-8"],
    "upc": ["220356483481"],
    "hstore": ["", '"a"=>"1"', '"a"=>NULL, "b c"=>"x\\"y", "ü"=>""'],
    "lo": ["0", "4294967295"],
    "lquery": ["a.*.b", "*{2}.c|d"],
    "ltree": ["", "a", "Top.Science.Astronomy"],
    "ltxtquery": ["a & b*"],
    "query_int": ["1&(2|3)", "!4"],
    "seg": ["1.5", "1 .. 2", "<3"],
    "halfvec": ["[1]", "[1,-2.5,0]"],
    "sparsevec": ["{}/3", "{1:1.5,3:-2}/5"],
    "vector": ["[1]", "[1,-2.5,0,3e-5]"],
}

EXPRESSIONS: dict[str, list[str]] = {
    # Types whose input function refuses everything: what the server's own catalogs hold.
    "pg_dependencies": ["(select stxddependencies from pg_statistic_ext_data limit 1)"],
    "pg_mcv_list": ["(select stxdmcv from pg_statistic_ext_data limit 1)"],
    "pg_ndistinct": ["(select stxdndistinct from pg_statistic_ext_data limit 1)"],
    "pg_node_tree": [
        "(select ev_qual from pg_rewrite where ev_qual <> '<>' limit 1)",
        "(select ev_qual from pg_rewrite limit 1)",
    ],
    # The value that a literal cannot be.
    "numeric": ["'Infinity'::numeric", "'-Infinity'::numeric", "repeat('9', 1000)::numeric"],
    "text": ["repeat('x', 100000)"],
}

EMPTY = {
    "gtsvector": "is an index key, which no query returns",
    "pg_brin_bloom_summary": "is an index key, which no query returns",
    "pg_brin_minmax_multi_summary": "is an index key, which no query returns",
    "ghstore": "is an index key, which no query returns",
    "ltree_gist": "is an index key, which no query returns",
    "intbig_gkey": "is an index key, which no query returns",
    "gbtreekey16": "is an index key, which no query returns",
}
"""Types without any value; NULL and arrays of NULL remain."""

SCHEMA = """
create schema oracle;
set search_path = oracle, public;
create type mood as enum ('sad', 'two words', 'ünï"cödé', '');
create domain whole as int check (value >= 0);
create domain wholes as whole[];
create domain words as text;
create domain label as words not null default 'x';
create type pair as (a int, b text);
create type deep as (id int8, mood mood, pair pair, pairs pair[], amount numeric, whole whole, at timestamptz);
create domain pair_domain as pair;
create type floats as range (subtype = float8, subtype_diff = float8mi);
create type words_range as range (subtype = text);
create type mood_range as range (subtype = mood);
create type pair_range as range (subtype = pair);
create type "Odd ""x"" name" as enum ('a');
create domain span as int4range;
create domain spans as int4multirange;
create table counted (a int, b int, c text);
insert into counted select i % 10, i % 5, 'x' || i % 3 from generate_series(1, 1000) i;
create statistics kinds (ndistinct, dependencies, mcv) on a, b from counted;
analyze counted;
"""

OWN: dict[str, list[str]] = {
    "mood": ["'sad'", "'two words'", "'ünï\"cödé'", "''"],
    "whole": ["0", "2147483647"],
    "wholes": ["'{}'", "'{1,2,NULL}'", "'{{1,2},{3,4}}'"],
    "words": ["''", "'a b'"],
    "label": ["'x'"],
    "pair": ["row(1, 'x')", "row(null, null)", "row(-1, 'with \"quotes\", and commas')"],
    "deep": [
        "row(1, 'sad', row(2, 'x'), array[row(3, 'y')::oracle.pair, null], 1.50, 7, '2024-01-01 00:00+00')",
        "row(null, null, null, '{}', 'NaN', null, 'infinity')",
    ],
    "pair_domain": ["row(1, 'x')"],
    'Odd "x" name': ["'a'"],
    "span": ["'[1,5)'", "'empty'"],
    "spans": ["'{[1,5),[7,9)}'", "'{}'"],
    # information_schema's domains
    "cardinal_number": ["0", "7"],
    "character_data": ["''", "'x'"],
    "sql_identifier": ["'x'"],
    "time_stamp": ["'2024-01-01 00:00+00'"],
    "yes_or_no": ["'YES'", "'NO'"],
    "earth": ["null"],
}
