#!/usr/bin/env python3
"""Packs web/dist into one C file: each file gzipped, with its type and a strong ETag. Without web/dist: one page that says so."""

import argparse
import gzip
import hashlib
import os
import re

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
}
MISSING = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sigillo</title></head>
<body><h1>Sigillo</h1><p>The panel is not built: run <code>make web</code>, then <code>make build</code>.</p></body></html>
"""
HEADER = """#pragma once
/* Made by tools/pack_web.py from web/dist. Sorted by path; path begins with a slash. */
#include <stdbool.h>
#include <stddef.h>

struct web_file {
    const char *path, *type;
    const unsigned char *gz; /* gzip of the n bytes */
    size_t gz_n;
    size_t n;
    const char *etag; /* with its quotes */
    bool immutable;   /* the name holds a hash of the content: may be cached for ever */
};
extern const struct web_file web_files[];
extern const size_t web_files_n;
"""


def collect(folder):
    files = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as f:
                files["/" + os.path.relpath(path, folder).replace(os.sep, "/")] = f.read()
    return files if "/index.html" in files else {"/index.html": MISSING}


def c_bytes(data):
    lines = []
    for i in range(0, len(data), 32):
        lines.append("    " + "".join(f"{b}," for b in data[i : i + 32]))
    return "\n".join(lines)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--dist", required=True)
    args.add_argument("--out-c", required=True)
    args.add_argument("--out-h", required=True)
    args = args.parse_args()
    files = sorted(collect(args.dist).items())
    rows, bodies = [], []
    for i, (path, data) in enumerate(files):
        packed = gzip.compress(data, 9, mtime=0)
        kind = TYPES.get(os.path.splitext(path)[1].lower(), "application/octet-stream")
        etag = hashlib.sha256(data).hexdigest()[:24]
        # Vite names its assets NAME-HASH.EXT, hash of eight base64url characters.
        forever = bool(re.search(r"^/assets/.*[-.][A-Za-z0-9_-]{8}\.[a-z0-9]+$", path))
        bodies.append(f"static const unsigned char body_{i}[] = {{\n{c_bytes(packed)}\n}};\n")
        quoted = path.replace("\\", "\\\\").replace('"', '\\"')
        rows.append(
            f'    {{"{quoted}", "{kind}", body_{i}, sizeof body_{i}, {len(data)}, "\\"{etag}\\"", {"true" if forever else "false"}}},\n'
        )
    with open(args.out_h, "w", encoding="utf-8") as f:
        f.write(HEADER)
    with open(args.out_c, "w", encoding="utf-8") as f:
        f.write('#include "http/web_gen.h"\n\n' + "\n".join(bodies) + "\nconst struct web_file web_files[] = {\n")
        f.write("".join(rows) + f"}};\nconst size_t web_files_n = {len(files)};\n")


main()
