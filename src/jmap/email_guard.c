/* guardReported; guardFindings: the stored codes and facts with the words of the guard's table, in both languages. */
#include "guard/guard.h"
#include "jmap/email.h"

static size_t facts_of(json_t *facts, struct guard_fact *out)
{
    size_t n = 0;
    const char *key;
    json_t *value;
    json_object_foreach(facts, key, value)
    {
        if (n < GUARD_FACTS_MAX)
            out[n++] = (struct guard_fact){key, jmap_json_str(value)};
    }
    return n;
}

static void put_words(struct json_w *w, const char *key, struct str code, bool title, const struct guard_fact *facts,
                      size_t n)
{
    static const char *const langs[] = {"it", "en"};
    AUTO(buf) struct buf b;
    buf_init(&b, FACTS_STRING_MAX * GUARD_FACTS_MAX);
    json_keyz(w, key);
    json_obj(w);
    for (int lang = 0; lang < 2; lang++) {
        buf_clear(&b);
        guard_text(&b, code, lang, title, facts, n);
        json_kstr(w, langs[lang], buf_str(&b));
    }
    json_obj_end(w);
}

void email_put_findings(struct email_view *v)
{
    struct json_w *w = v->c->w;
    json_t *list = v->row.findings.n ? json_read(v->row.findings, NULL) : NULL, *f;
    size_t i;
    json_arr(w);
    json_array_foreach(list, i, f)
    {
        struct guard_fact facts[GUARD_FACTS_MAX];
        struct str code = jmap_json_str(json_object_get(f, "code"));
        size_t n = facts_of(json_object_get(f, "facts"), facts);
        json_obj(w);
        json_kstr(w, "code", code);
        json_kstr(w, "level", jmap_json_str(json_object_get(f, "level")));
        json_keyz(w, "facts");
        json_obj(w);
        for (size_t k = 0; k < n; k++)
            json_kstr(w, facts[k].key, facts[k].value);
        json_obj_end(w);
        put_words(w, "title", code, true, facts, n);
        put_words(w, "text", code, false, facts, n);
        json_obj_end(w);
    }
    json_arr_end(w);
    json_decref(list);
}

void email_put_reported(struct email_view *v, struct json_w *w)
{
    static const char *const as[REPORTS] = {
        [REPORT_FRAUD] = "fraud", [REPORT_JUNK] = "junk", [REPORT_HONEST] = "honest"};
    if (!v->has_report) {
        json_none(w);
        return;
    }
    json_obj(w);
    json_kstr(w, "as", str_c(as[v->reported.as]));
    json_keyz(w, "at");
    json_time(w, v->reported.at_ms);
    json_kstr(w, "by", v->reported.who);
    json_obj_end(w);
}
