#!/usr/bin/env python3
"""Turns sql/schema and sql/statements into the C tables of db/ (sql_gen.h, sql_gen.c).

The format of both folders is described in sql/README.md. Every fault in them is reported with file and line
and ends the build: an argument that is not declared, a duplicate name, a missing variant, a gap in the numbers.
"""
import argparse
import os
import re
import sys
from dataclasses import dataclass, field

ENGINES = ("sqlite", "postgresql")
SET_ANY = "any"  # statements and the first migration that every set has
ARGS_MAX = 48  # SQL_ARGS_MAX of src/db/sql_table.h
TYPES = {"int": ("DB_INT", "int8"), "text": ("DB_TEXT", "text"), "blob": ("DB_BLOB", "bytea"), "real": ("DB_REAL", "float8")}
NAME = re.compile(r"^[a-z][a-z0-9_]*$")
HEADER = re.compile(r"^--\s*(name|set|args|engine|no-org)\s*:\s*(.*?)\s*$")
MIGRATION = re.compile(r"^(\d{4})_([a-z0-9_]+?)(?:\.(sqlite|postgresql))?\.sql$")
# One lexical unit of SQL: what must be copied untouched comes first.
TOKEN = re.compile(
    r"(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"
    r"|(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<cast>::)"
    r"|:(?P<arg>[a-z_][a-z0-9_]*)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<space>\s+)"
    r"|(?P<other>.)",
    re.S,
)
# Portable column types of the common schema files and what PostgreSQL calls them. text compares by bytes on both engines.
POSTGRESQL_WORD = {"integer": "bigint", "blob": "bytea", "real": "double precision", "text": 'text COLLATE "C"'}


# PostgreSQL's row-level security: what the driver sets, and the tables it does not stand on.
ORG_SETTING = "sigillo.org"  # the firm of the running statement; ALL_ORGS sees every firm, unset none
ALL_ORGS = "-1"
NO_POLICY = {
    "search_text": "the index over words is not used below a policy (@@ is not leakproof); its rows are ids that the cell's own tables turn into mail",
}
TABLE = re.compile(r"^\s*create\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)\s*\(\s*(.*)$", re.I | re.S)


class Fault(Exception):
    pass


@dataclass
class Statement:
    name: str
    set: str
    where: str
    args: list = field(default_factory=list)  # (name, type)
    has_args: bool = False
    no_org: str = ""
    body: dict = field(default_factory=dict)  # engine or "" -> text

    def text(self, engine):
        return self.body.get(engine, self.body.get(""))

    def uses(self, engine):
        return {m["arg"] for m in TOKEN.finditer(self.text(engine)) if m["arg"]}


@dataclass
class Migration:
    set: str
    version: int
    name: str
    body: dict = field(default_factory=dict)


def squeeze(sql):
    """Without comments and with single spaces, so that the text (and its checksum) does not change with its layout."""
    out = []
    for m in TOKEN.finditer(sql):
        if m["comment"] is not None or m["space"] is not None:
            if out and out[-1] != " ":
                out.append(" ")
        else:
            out.append(m[0])
    return "".join(out).strip()


def bind(st, engine):
    order = {name: i + 1 for i, (name, _) in enumerate(st.args)}
    kind = dict(st.args)
    out = []
    for m in TOKEN.finditer(squeeze(st.text(engine))):
        if m["arg"] is None:
            out.append(m[0])
        elif m["arg"] not in order:
            raise Fault(f"{st.where}: {st.name}: :{m['arg']} is not in its args line")
        elif engine == "sqlite":
            out.append(f"?{order[m['arg']]}")
        else:
            out.append(f"${order[m['arg']]}::{TYPES[kind[m['arg']]][1]}")
    return "".join(out).rstrip("; ")


def parse_args(text, where):
    args = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        words = part.split()
        if len(words) != 2 or words[1] not in TYPES or not NAME.match(words[0]):
            raise Fault(f"{where}: argument '{part}' is not 'name int|text|blob|real'")
        if words[0] in (a for a, _ in args):
            raise Fault(f"{where}: argument {words[0]} stands twice")
        args.append((words[0], words[1]))
    if len(args) > ARGS_MAX:
        raise Fault(f"{where}: more than {ARGS_MAX} arguments")
    return args


class StatementFile:
    """One file: header lines before the first name are the file's defaults, then name, headers, body, name, ..."""

    def __init__(self, path, statements):
        self.path, self.statements = path, statements
        self.file_set, self.file_no_org = "", ""
        self.head, self.body, self.line = None, [], 0

    def read(self):
        with open(self.path, encoding="utf-8") as f:
            for self.line, line in enumerate(f, 1):
                m = HEADER.match(line)
                if m:
                    self.header(m[1], m[2])
                elif self.head is not None:
                    self.body.append(line)
                elif line.strip() and not line.startswith("--"):
                    raise Fault(f"{self.path}:{self.line}: SQL before the first '-- name:'")
        self.finish()

    def header(self, key, value):
        where = f"{self.path}:{self.line}"
        if key == "name":
            self.finish()
            if not NAME.match(value):
                raise Fault(f"{where}: '{value}' is not a statement name (lower case, digits, _)")
            self.head = {"name": value, "where": where, "set": self.file_set, "no-org": self.file_no_org, "engine": ""}
        elif self.head is None:
            if key == "set":
                self.file_set = value
            elif key == "no-org":
                self.file_no_org = value
            else:
                raise Fault(f"{where}: '{key}' needs a statement name above it")
        else:
            if "".join(self.body).strip():
                raise Fault(f"{where}: header '{key}' after the SQL of {self.head['name']}")
            if key == "engine" and value not in ENGINES:
                raise Fault(f"{where}: engine is sqlite or postgresql, not '{value}'")
            self.head[key] = value

    def finish(self):
        if self.head is None:
            return
        h, text = self.head, "".join(self.body)
        self.head, self.body = None, []
        if not squeeze(text):
            raise Fault(f"{h['where']}: {h['name']} has no SQL")
        if not h["set"]:
            raise Fault(f"{h['where']}: {h['name']} has no set")
        st = self.statements.setdefault(h["name"], Statement(h["name"], h["set"], h["where"]))
        if h["engine"] in st.body:
            raise Fault(f"{h['where']}: {h['name']} stands already at {st.where}")
        if st.set != h["set"]:
            raise Fault(f"{h['where']}: {h['name']} has another set at {st.where}")
        st.body[h["engine"]] = text
        st.no_org = st.no_org or h["no-org"]
        if "args" in h:
            args = parse_args(h["args"], h["where"])
            if st.has_args and args != st.args:
                raise Fault(f"{h['where']}: {h['name']} has other args at {st.where}")
            st.args, st.has_args = args, True


def read_statements(folder):
    statements = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".sql"):
            StatementFile(os.path.join(folder, name), statements).read()
    for st in statements.values():
        for engine in ENGINES:
            if st.text(engine) is None:
                raise Fault(f"{st.where}: {st.name} has no text for {engine}")
        unused = {a for a, _ in st.args} - set().union(*(st.uses(e) for e in ENGINES))
        if unused:
            raise Fault(f"{st.where}: {st.name}: unused arguments {', '.join(sorted(unused))}")
    return statements


def split_statements(sql):
    parts = [[]]
    for m in TOKEN.finditer(squeeze(sql)):
        if m[0] == ";":
            parts.append([])
        else:
            parts[-1].append(m)
    return parts


def to_postgresql(sql):
    """Common schema file -> PostgreSQL: portable type names, no WITHOUT ROWID, no STRICT. A type is the second word of a column's
    definition, so tables and columns may be called blob or text."""
    out = []
    for tokens in split_statements(sql):
        words, two, one = [], "", ""
        table = re.match(r"\s*(create|alter)\s+table\b", "".join(m[0] for m in tokens), re.I)
        for m in tokens:
            is_type = table and m["word"] and re.match(r'[\w"]', one) and two.upper() in ("(", ",", "COLUMN", "ADD")
            words.append(POSTGRESQL_WORD.get(m[0].lower(), m[0]) if is_type else m[0])
            if not m["space"]:
                two, one = one, m[0]
        text = "".join(words)
        out.append(re.sub(r"\)\s*(?:(?:WITHOUT\s+ROWID|STRICT)\s*,?\s*)+$", ")", text, flags=re.I) if table else text)
    return ";".join(out)


def policy_table(sql):
    """Name of the table that this statement makes when its rows belong to firms, else None."""
    m = TABLE.match(sql)
    return m[1] if m and m[1] not in NO_POLICY and re.search(r"\bprimary\s+key\s*\(\s*org\b|^org\s[^,]*\bprimary\s+key\b", m[2], re.I) else None


def policies(sql):
    """PostgreSQL's migration with a policy behind every table of firms: also what a statement forgot to bind stays within its firm."""
    out = []
    for tokens in split_statements(sql):
        text = "".join(m[0] for m in tokens).strip()
        if not text:
            continue
        out.append(text)
        table = policy_table(text)
        if table:
            setting = f"current_setting('{ORG_SETTING}', true)"
            out += [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
                    f"CREATE POLICY firm ON {table} USING (org = (SELECT coalesce(nullif({setting}, ''), '0')::bigint) OR (SELECT {setting}) = '{ALL_ORGS}')"]
    return "".join(f"{t}; " for t in [f"SET LOCAL {ORG_SETTING} = '{ALL_ORGS}'"] + out).strip()


def read_set(folder, name):
    found = {}
    for file in sorted(os.listdir(os.path.join(folder, name))):
        path = os.path.join(folder, name, file)
        m = MIGRATION.match(file)
        if not m:
            if file.endswith(".sql"):
                raise Fault(f"{path}: not NNNN_name[.sqlite|.postgresql].sql")
            continue
        mig = found.setdefault(int(m[1]), Migration(name, int(m[1]), m[2]))
        if mig.name != m[2]:
            raise Fault(f"{path}: number {m[1]} is already {mig.name}")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        # The common text runs first, the engine's own file after it.
        mig.body[m[3] or ""] = text
    first = 0 if name == SET_ANY else 1
    if sorted(found) != list(range(first, first + len(found))):
        raise Fault(f"{os.path.join(folder, name)}: numbers are not {first:04d}, {first + 1:04d}, ... without a gap")
    return [found[v] for v in sorted(found)]


def migration_text(mig, engine):
    common = mig.body.get("", "")
    own = squeeze(mig.body.get(engine, ""))
    base = squeeze(common) if engine == "sqlite" else to_postgresql(common)
    if base and not base.endswith(";"):
        base += ";"
    text = " ".join(filter(None, (base, own)))
    if not text.strip("; "):
        return "SELECT 1"
    return text if engine == "sqlite" or mig.set == SET_ANY else policies(text)


def policy_tables(migrations):
    parts = (p for mig in migrations for body in mig.body.values() for p in split_statements(body))
    return {t for t in (policy_table("".join(m[0] for m in p).strip()) for p in parts) if t}


def scope(st, tables):
    """What the driver sets before the statement: SQL_SCOPE_ORG its :org, SQL_SCOPE_ALL every firm (it says why it has no :org), else nothing."""
    if not {m["word"] for m in TOKEN.finditer(st.text("postgresql")) if m["word"]} & tables:
        return "SQL_SCOPE_NONE"
    return "SQL_SCOPE_ALL" if st.no_org else "SQL_SCOPE_ORG"


def fnv64(text):
    h = 0xCBF29CE484222325
    for b in text.encode():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h & 0x7FFFFFFFFFFFFFFF


def c_string(text):
    esc = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("??", "?\\?")
    lines, at = [], 0
    while at < len(esc):
        end = min(at + 100, len(esc))
        while end < len(esc) and esc[end - 1] == "\\":
            end -= 1
        if esc[at:end].endswith("\\") and end < len(esc):
            end += 1
        lines.append(f'"{esc[at:end]}"')
        at = end
    return "\n      ".join(lines) or '""'


def write_header(statements, out):
    out.append("#pragma once\n/* Made by tools/gen_sql.py from sql/statements: change those. */\n\nenum sql_id {\n")
    out += [f"    SQL_{name.upper()},\n" for name in statements]
    out.append("    SQL_COUNT\n};\n")


def write_tables(statements, sets, out):
    names = [SET_ANY] + sorted(n for n in sets if n != SET_ANY)
    out.append("/* Made by tools/gen_sql.py from sql/schema and sql/statements: change those. */\n")
    out.append('#include "db/sql_table.h"\n\n')
    out.append("const char *const sql_sets[] = {" + ", ".join(f'"{n}"' for n in names) + "};\n")
    out.append("const size_t sql_set_count = sizeof(sql_sets) / sizeof(sql_sets[0]);\n\n")
    out.append("const struct sql_statement sql_statements[SQL_COUNT] = {\n")
    tables = {n: policy_tables(sets[n]) for n in names}
    for st in statements.values():
        if st.set not in names:
            raise Fault(f"{st.where}: set '{st.set}' has no folder in sql/schema")
        org = next((i for i, (a, _) in enumerate(st.args) if a == "org"), -1)
        out.append(f"    [SQL_{st.name.upper()}] =\n    {{\"{st.name}\", {names.index(st.set)}, {len(st.args)}, {int(bool(st.no_org))}, {scope(st, tables[st.set])}, {org},\n")
        out.append("     {" + (", ".join(TYPES[t][0] for _, t in st.args) or "0") + "},\n")
        out.append("     {" + (", ".join(f'"{a}"' for a, _ in st.args) or "0") + "},\n")
        for engine in ENGINES:
            out.append(f"     {'{' if engine == 'sqlite' else ' '}{c_string(bind(st, engine))}" + (",\n" if engine == "sqlite" else "}},\n"))
    out.append("};\n\nconst struct sql_migration sql_migrations[] = {\n")
    for set_name in names:
        for mig in sets[set_name]:
            text = {e: migration_text(mig, e) for e in ENGINES}
            out.append(f'    {{{names.index(set_name)}, {mig.version}, "{mig.name}",\n')
            out.append("     {" + ", ".join(f"INT64_C({fnv64(text[e])})" for e in ENGINES) + "},\n")
            out.append(f"     {{{c_string(text['sqlite'])},\n      {c_string(text['postgresql'])}}}}},\n")
    out.append("};\nconst size_t sql_migration_count = sizeof(sql_migrations) / sizeof(sql_migrations[0]);\n")


def load(statements_dir, schema_dir):
    statements = read_statements(statements_dir)
    sets = {n: read_set(schema_dir, n) for n in sorted(os.listdir(schema_dir)) if os.path.isdir(os.path.join(schema_dir, n))}
    if SET_ANY not in sets:
        raise Fault(f"{schema_dir}/{SET_ANY} is missing")
    return statements, sets


def write_file(path, parts):
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join(parts))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    for option in ("--statements", "--schema", "--out-c", "--out-h"):
        p.add_argument(option, required=True)
    a = p.parse_args()
    try:
        statements, sets = load(a.statements, a.schema)
        header, tables = [], []
        write_header(statements, header)
        write_tables(statements, sets, tables)
    except (Fault, OSError) as e:
        sys.exit(f"gen_sql: {e}")
    write_file(a.out_h, header)
    write_file(a.out_c, tables)


if __name__ == "__main__":
    main()
