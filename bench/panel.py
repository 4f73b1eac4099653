#!/usr/bin/env python3
"""The panel in Chromium: from a key to the focus, from a click to an open message, and the first paint over a slow line. Needs node and chromium
(tools/deps test) and a built web/dist. Usage: bench/panel.py"""
import json, os, subprocess, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import figures  # noqa: E402
from figures import Figure  # noqa: E402

KEY_MS, OPEN_MS, PAINT_S = 100, 100, 2.5


def measure():
    figures.quiet("panel")
    p = subprocess.run(["node", os.path.join(HERE, "panel.mjs")], capture_output=True, text=True, timeout=300)
    if p.returncode:
        raise RuntimeError(p.stdout + p.stderr)
    got = json.loads(p.stdout.splitlines()[-1])
    return [Figure("panel: key to focus, 100,000 rows, p95", got["keyP95"], "ms", KEY_MS, note=f"{got['keys']} arrows of a real keyboard"),
            Figure("panel: open a message, p95", got["openP95"], "ms", OPEN_MS, note=f"p50 {got['openP50']:.0f} ms"),
            Figure("panel: largest paint of a return, fast 3G, CPU / 4", got["paint"] / 1000, "s", PAINT_S,
                   note=f"rows of the inbox after {got['rows'] / 1000:.1f} s; of these 0.6 s are the one way of the line")]


if __name__ == "__main__":
    figures.main(measure)
