#include "admin/scan_report.h"
#include "admin/print.h"
#include "core/json.h"

#define REPORT_LINE_MAX (1024u * 1024)
#define REPORT_CELL_MAX 60u

static void texts(struct json_w *w, const struct guard_finding *f)
{
    static const char *const langs[] = {"it", "en"};
    struct str code = str_c(guard_table[f->code].code);
    json_keyz(w, "text");
    json_obj(w);
    for (int lang = 0; lang < 2; lang++) {
        AUTO(buf) struct buf t;
        buf_init(&t, REPORT_LINE_MAX);
        guard_text(&t, code, lang, true, f->facts, f->n_facts);
        buf_addz(&t, ". ");
        guard_text(&t, code, lang, false, f->facts, f->n_facts);
        json_kstr(w, langs[lang], buf_str(&t));
    }
    json_obj_end(w);
}

static void finding(struct json_w *w, const struct guard_finding *f)
{
    json_obj(w);
    json_kstr(w, "code", str_c(guard_table[f->code].code));
    json_kstr(w, "level", str_c(guard_level_name(f->level)));
    json_keyz(w, "facts");
    json_obj(w);
    for (size_t k = 0; k < f->n_facts; k++)
        json_kstr(w, f->facts[k].key, f->facts[k].value);
    json_obj_end(w);
    texts(w, f);
    json_obj_end(w);
}

void admin_findings_json(struct buf *b, const struct guard_verdict *v)
{
    struct json_w w;
    json_init(&w, b);
    json_arr(&w);
    for (size_t i = 0; i < v->n_findings; i++)
        finding(&w, &v->findings[i]);
    json_arr_end(&w);
}

static void row_json(struct admin_scan_report *r, const struct admin_scan_row *row)
{
    AUTO(buf) struct buf b, findings;
    struct json_w w;
    char number[32];
    uint32_t p = guard_probability(row->verdict->score);
    buf_init(&b, REPORT_LINE_MAX);
    buf_init(&findings, REPORT_LINE_MAX);
    admin_findings_json(&findings, row->verdict);
    json_init(&w, &b);
    json_obj(&w);
    json_kstr(&w, "file", row->file);
    json_kstr(&w, "verdict", str_c(guard_action_name(row->verdict->action)));
    json_keyz(&w, "score");
    snprintf(number, sizeof number, "%u.%06u", p / 1000000, p % 1000000);
    json_raw(&w, str_c(number));
    json_keyz(&w, "ms");
    snprintf(number, sizeof number, "%lld.%03lld", (long long)(row->ns / 1000000), (long long)(row->ns / 1000 % 1000));
    json_raw(&w, str_c(number));
    json_keyz(&w, "findings");
    json_raw(&w, buf_str(&findings));
    json_obj_end(&w);
    buf_addc(&b, '\n');
    fwrite(b.p, 1, b.n, r->out);
    fflush(r->out);
}

static void cell(FILE *out, struct str s, size_t width, bool pad)
{
    for (size_t shown = admin_print(out, s, width); pad && shown < width; shown++)
        fputc(' ', out);
}

static const struct {
    const char *name[2], *colour;
} words[] = {
    [GUARD_ACCEPT] = {{"ok", "ok"}, "\033[32m"},
    [GUARD_ACT_CAUTION] = {{"attenzione", "caution"}, "\033[33m"},
    [GUARD_JUNK] = {{"indesiderato", "junk"}, "\033[35m"},
    [GUARD_HOLD] = {{"fermo", "held"}, "\033[31m"},
    [GUARD_REJECT] = {{"rifiutato", "rejected"}, "\033[31m"},
};

static void evidence(struct admin_scan_report *r, const struct guard_finding *f)
{
    static const char *const marks[] = {[GUARD_NOTE] = "·", [GUARD_CAUTION] = "!", [GUARD_STOP] = "■"};
    AUTO(buf) struct buf t;
    buf_init(&t, REPORT_LINE_MAX);
    struct str code = str_c(guard_table[f->code].code);
    guard_text(&t, code, r->lang, true, f->facts, f->n_facts);
    buf_addz(&t, ". ");
    guard_text(&t, code, r->lang, false, f->facts, f->n_facts);
    fprintf(r->out, "               %s ", marks[f->level]);
    cell(r->out, buf_str(&t), 1000, false);
    fprintf(r->out, " (%s)\n", guard_table[f->code].code);
}

static void row_text(struct admin_scan_report *r, const struct admin_scan_row *row)
{
    const struct guard_verdict *v = row->verdict;
    const char *on = r->colour ? words[v->action].colour : "", *off = r->colour ? "\033[0m" : "";
    fprintf(r->out, "%s%-13s%s ", on, words[v->action].name[r->lang], off);
    cell(r->out, row->from, 34, true);
    fputs("  ", r->out);
    cell(r->out, row->subject, REPORT_CELL_MAX, false);
    fputs("\n", r->out);
    if (v->action == GUARD_ACCEPT)
        return;
    fputs("               ", r->out);
    cell(r->out, row->file, 200, false);
    fputs("\n", r->out);
    for (size_t i = 0; i < v->n_findings; i++)
        evidence(r, &v->findings[i]);
}

void admin_scan_report_row(struct admin_scan_report *r, const struct admin_scan_row *row)
{
    r->count[row->verdict->action]++;
    if (r->json)
        row_json(r, row);
    else
        row_text(r, row);
}

void admin_scan_report_end(const struct admin_scan_report *r)
{
    if (r->json)
        return;
    size_t all = 0;
    for (size_t i = 0; i < N_ELEMENTS(r->count); i++)
        all += r->count[i];
    fprintf(r->out, r->lang == 0 ? "\n%zu messaggi:" : "\n%zu messages:", all);
    for (size_t i = 0; i < N_ELEMENTS(r->count); i++)
        if (r->count[i])
            fprintf(r->out, "  %s %zu", words[i].name[r->lang], r->count[i]);
    fputs("\n", r->out);
}
