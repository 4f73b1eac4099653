#!/usr/bin/env python3
"""The store alone: 20 KB messages, 32 writers, durable; beside it SQLite itself and one durable file a message, from SIGILLO_PEERS."""
import json, os, subprocess, tempfile
from figures import PEERS, RUNS, Figure, Others, calm, command, main, median, quiet, spread

COUNT, SIZE, WRITERS = int(os.environ.get("BENCH_COUNT_STORE", "30000")), 20480, 32
RATE_TARGET, CPU_TARGET_MS = 5000, 0.2


def peer_line(tool, env, *args):
    p = subprocess.run([tool, *args], env={**os.environ, **env}, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(p.stdout)


def floor():
    """What the libraries below us cost here, by themselves."""
    if not PEERS:
        return []
    with tempfile.TemporaryDirectory(prefix="sigillo-bench-") as d:
        subprocess.run([os.path.join(PEERS, "build.sh")], env={**os.environ, "BENCH_BIN": d}, check=True, capture_output=True)
        env = {"DIR": d, "SECS": "3"}
        quiet("floor")
        rows = peer_line(d + "/sqlitebench", {**env, "ROWS": "32", "BLOB": "100"})
        blobs = peer_line(d + "/sqlitebench", {**env, "ROWS": "32", "BLOB": "20480"})
        files = peer_line(d + "/limits", {**env, "THREADS": "8"}, "mailfile")
    return [Figure("floor: SQLite, commits of 32 rows of 100 bytes", rows["cpu_us_per_row"] / 1000, "ms CPU/row", note=f"{rows['rows_per_s']:,.0f} rows/s"),
            Figure("floor: SQLite, commits of 32 rows of 20 KB", blobs["cpu_us_per_row"] / 1000, "ms CPU/row", note=f"{blobs['rows_per_s']:,.0f} rows/s"),
            Figure("floor: one durable 20 KB file each, 8 threads", files["per_s"], "files/s")]


def measure():
    runs = []
    for _ in range(RUNS):
        quiet("store")
        with Others() as others:
            r = command("store_bench", "--count", COUNT, "--size", SIZE, "--writers", WRITERS)
        runs.append({**r, "others": others.cpus(r["cpu_us"] * COUNT / 1e6)})
    runs = calm(runs)
    rate, us = ([r[k] for r in runs] for k in ("per_second", "cpu_us"))
    return [Figure("store, 20 KB, 32 writers: rate", median(rate), "messages/s", RATE_TARGET, False, f"{spread(rate)}; others kept {median([r['others'] for r in runs]):.1f} CPUs busy"),
            Figure("store, 20 KB, 32 writers: CPU", median(us) / 1000, "ms/message", CPU_TARGET_MS, note=spread([u / 1000 for u in us])),
            Figure("store: messages a commit", median([r["per_group"] for r in runs]), ""),
            Figure("store: durable after, p99", median([r["p99_ms"] for r in runs]), "ms")] + floor()


if __name__ == "__main__":
    main(measure)
