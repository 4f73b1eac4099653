#!/usr/bin/env python3
"""regen.py OUT... -- COMMAND: runs a generator on temporary files (its arguments that equal an OUT are replaced) and moves
only what changed into place, so that an unchanged result rebuilds nothing."""

import filecmp
import os
import subprocess
import sys
import tempfile

split = sys.argv.index("--")
outs, command = sys.argv[1:split], sys.argv[split + 1 :]
with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(outs[0]))) as folder:
    fresh = {out: os.path.join(folder, os.path.basename(out)) for out in outs}
    done = subprocess.run([fresh.get(word, word) for word in command])
    if done.returncode:
        sys.exit(done.returncode)
    for out, new in fresh.items():
        if not os.path.exists(out) or not filecmp.cmp(out, new, shallow=False):
            os.replace(new, out)
