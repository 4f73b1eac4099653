#include "guard/guard.h"
#include "core/json.h"

const struct guard_row guard_table[GUARD_CODES] = {
#define FINDING(id, code, level, weight, title_it, title_en, text_it, text_en, anchor) \
    [GUARD_##id] = {code, level, weight, {title_it, title_en}, {text_it, text_en}, anchor},
#include "guard/findings.def"
#undef FINDING
};

const char *guard_level_name(enum guard_level l)
{
    static const char *const names[] = {[GUARD_NOTE] = "note", [GUARD_CAUTION] = "caution", [GUARD_STOP] = "stop"};
    return (size_t)l < N_ELEMENTS(names) ? names[l] : "note";
}

const char *guard_action_name(enum guard_action a)
{
    static const char *const names[] = {[GUARD_ACCEPT] = "accept",
                                        [GUARD_ACT_CAUTION] = "caution",
                                        [GUARD_JUNK] = "junk",
                                        [GUARD_HOLD] = "hold",
                                        [GUARD_REJECT] = "reject"};
    return (size_t)a < N_ELEMENTS(names) ? names[a] : "hold";
}

void guard_findings_json(struct buf *b, const struct guard_verdict *v)
{
    struct json_w w;
    json_init(&w, b);
    json_arr(&w);
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct guard_finding *f = &v->findings[i];
        json_obj(&w);
        json_kstr(&w, "code", str_c(guard_table[f->code].code));
        json_kstr(&w, "level", str_c(guard_level_name(f->level)));
        json_keyz(&w, "facts");
        json_obj(&w);
        for (size_t k = 0; k < f->n_facts; k++)
            json_kstr(&w, f->facts[k].key, f->facts[k].value);
        json_obj_end(&w);
        json_obj_end(&w);
    }
    json_arr_end(&w);
}

static const struct guard_row *row_of(struct str code)
{
    for (size_t i = 0; i < GUARD_CODES; i++)
        if (str_eq(code, str_c(guard_table[i].code)))
            return &guard_table[i];
    return NULL;
}

static void put_fact(struct buf *b, struct str key, int lang, const struct guard_fact *facts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(key, str_c(facts[i].key))) {
            buf_adds(b, guard_fact_word(key, facts[i].value, lang));
            return;
        }
    buf_addc(b, '?');
}

void guard_text(struct buf *b, struct str code, int lang, bool title, const struct guard_fact *facts, size_t n)
{
    const struct guard_row *row = row_of(code);
    if (!row) {
        buf_adds(b, code);
        return;
    }
    struct str t = str_c((title ? row->title : row->text)[lang == 1]);
    while (t.n > 0) {
        ptrdiff_t open = str_chr(t, '{', 0), close = open < 0 ? -1 : str_chr(t, '}', (size_t)open);
        if (close < 0) {
            buf_adds(b, t);
            return;
        }
        buf_adds(b, str_upto(t, (size_t)open));
        put_fact(b, str_n(t.p + open + 1, (size_t)(close - open - 1)), lang == 1, facts, n);
        t = str_from(t, (size_t)close + 1);
    }
}
