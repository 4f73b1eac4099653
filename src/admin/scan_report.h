#pragma once
/* What `sigillo scan` prints: one JSON line per message for programs, a table with evidence for people. */
#include "guard/guard.h"
#include <stdio.h>

struct admin_scan_row {
    struct str file, from, subject;
    const struct guard_verdict *verdict;
    int64_t ns; /* reading and judging */
};
struct admin_scan_report {
    FILE *out;
    bool json, colour;
    int lang; /* 0 it, 1 en */
    size_t count[5];
};
void admin_scan_report_row(struct admin_scan_report *r, const struct admin_scan_row *row);
void admin_scan_report_end(const struct admin_scan_report *r);
/* {"code","level","facts","text"} of each finding: for `guard explain` too. */
void admin_findings_json(struct buf *b, const struct guard_verdict *v);
