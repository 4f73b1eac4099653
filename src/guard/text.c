/* Text family: what the words want, and how the text is made (guard.md U1-U4, K11, K12, E1). Phrases are weak each; they
 * weigh with what they ask for. */
#include "guard/content.h"
#include "guard/model.h"

#define MODEL_FRAUD 200 /* milli-nats of the model from which it counts */
#define MODEL_HONEST (-2000)
#define MODEL_CREDIT (-500)
#define MODEL_MOST 1500
#define SHORT_WORDS 40u  /* a mail that says so little around a link wants only the click */
#define HIDDEN_TRICKS 3u /* honest newsletters hide a preheader or two */

/* Weight of a topic: milli-nats a point, and a cap. */
static const struct {
    enum guard_topic topic;
    enum guard_code code;
    int32_t each, most;
} topics[] = {
    {TOPIC_EXTORT, GUARD_TEXT_EXTORTION, 350, 4200},  {TOPIC_MONEY, GUARD_TEXT_MONEY, 250, 3600},
    {TOPIC_ACCOUNT, GUARD_TEXT_ACCOUNT, 280, 3200},   {TOPIC_CRYPTO, GUARD_TEXT_CRYPTO, 250, 2400},
    {TOPIC_PARCEL, GUARD_TEXT_PARCEL, 280, 1900},     {TOPIC_PRIZE, GUARD_TEXT_PRIZE, 280, 2200},
    {TOPIC_RAPPORT, GUARD_TEXT_RAPPORT, 220, 1600},   {TOPIC_CALLBACK, GUARD_TEXT_CALLBACK, 120, 1000},
    {TOPIC_DOCUMENT, GUARD_TEXT_DOCUMENT, 200, 1000}, {TOPIC_SPAM, GUARD_TEXT_SPAM, 250, 2500},
    {TOPIC_SECRET, GUARD_TEXT_SECRET, 200, 1200},     {TOPIC_URGENT, GUARD_TEXT_URGENT, 220, 900},
};

static struct str quoted(struct guard_case *c, const struct guard_topics *t, enum guard_topic topic)
{
    AUTO(buf) struct buf b;
    buf_init(&b, 1024);
    for (unsigned i = 0; i < t->phrases[topic] && i < GUARD_TOPIC_QUOTES; i++) {
        if (i > 0)
            buf_addz(&b, ", ");
        buf_addz(&b, "\xE2\x80\x9C");
        buf_adds(&b, t->quote[topic][i]);
        buf_addz(&b, "\xE2\x80\x9D");
    }
    return arena_str(c->arena, buf_str(&b));
}

/* A long text says many things: what counts is how much of it wants something. */
static int32_t thinned(int32_t weight, unsigned words)
{
    return words <= 250 ? weight : words <= 600 ? weight * 2 / 3 : words <= 1500 ? weight / 2 : weight / 3;
}

static bool has_coordinate(const struct facts_insight *in, enum facts_coordinate kind)
{
    for (size_t i = 0; i < in->n_payments; i++)
        if (in->payments[i].kind == kind && !in->payments[i].quoted)
            return true;
    return false;
}

static void by_topic(struct guard_case *c, const struct guard_content *k)
{
    bool wallet = has_coordinate(c->in->insight, COORD_WALLET), phone = has_coordinate(c->in->insight, COORD_PHONE);
    for (size_t i = 0; i < N_ELEMENTS(topics); i++) {
        enum guard_topic topic = topics[i].topic;
        if (k->topics.points[topic] == 0)
            continue;
        int32_t weight = (int32_t)k->topics.points[topic] * topics[i].each;
        weight = weight < topics[i].most ? weight : topics[i].most;
        weight = thinned(weight, k->topics.words);
        if (k->list || k->report)
            weight /= 3;
        if (topic == TOPIC_EXTORT && wallet)
            weight += 2500;
        if (topic == TOPIC_CALLBACK && phone && k->n_foreign == 0)
            weight += 1400;
        if (topic == TOPIC_DOCUMENT && k->n_hosts == 0 && !c->in->insight->has_attachment)
            weight /= 2;
        GUARD_SIGNAL(c, topics[i].code, weight, {"quote", quoted(c, &k->topics, topic)});
    }
}

/* "$1.700.000", "EUR 2,000,000.00", "5 million": a number of six places or more beside a currency. */
static struct str fortune(struct str text)
{
    static const char *const marks[] = {"$", "\xE2\x82\xAC", "\xC2\xA3", "USD", "EUR", "GBP", "US$"};
    for (size_t m = 0; m < N_ELEMENTS(marks); m++)
        for (ptrdiff_t at = str_find(text, str_c(marks[m]), 0); at >= 0;
             at = str_find(text, str_c(marks[m]), (size_t)at + 1)) {
            size_t i = (size_t)at + strlen(marks[m]), from = (size_t)at, digits = 0, group = 0;
            while (i < text.n && text.p[i] == ' ')
                i++;
            for (; i < text.n && (ascii_is_digit(text.p[i]) || text.p[i] == '.' || text.p[i] == ','); i++) {
                group = ascii_is_digit(text.p[i]) ? group + 1 : 0;
                digits += ascii_is_digit(text.p[i]);
            }
            digits -= group == 2 && digits > 2 ? 2 : 0; /* cents */
            if (digits >= 6 && digits <= 10)
                return str_n(text.p + from, i - from);
        }
    return STR("");
}

static void by_sum(struct guard_case *c, const struct guard_content *k)
{
    struct str amount = fortune(str_upto(c->in->insight->text, GUARD_FOLD_MAX));
    bool begs = k->topics.points[TOPIC_MONEY] > 0 || k->topics.points[TOPIC_PRIZE] > 0;
    if (amount.n > 0 && begs && !k->list && k->topics.words < 800)
        GUARD_FIND(c, GUARD_TEXT_FORTUNE, {"amount", amount});
}

/* What the model adds to the phrases: it is sure only far from its border. */
static void by_model(struct guard_case *c, const struct guard_content *k)
{
    int32_t score = guard_model_score(k->text);
    if (score < MODEL_HONEST && !k->list)
        c->v->score += MODEL_CREDIT;
    if (score < MODEL_FRAUD || k->list || k->report)
        return;
    int32_t weight = (score - MODEL_FRAUD) * 3 / 2 + 400;
    GUARD_SIGNAL(c, GUARD_TEXT_MODEL, weight < MODEL_MOST ? weight : MODEL_MOST,
                 {"version", guard_number(c->arena, guard_model_version)});
}

static void by_shape(struct guard_case *c, const struct guard_content *k)
{
    const struct facts_insight *in = c->in->insight;
    bool leads = k->n_foreign > 0;
    if (in->html & HTML_SALAD)
        GUARD_FIND(c, GUARD_TEXT_HIDDEN, {"count", arena_printf(c->arena, "%u", in->hidden)});
    else if (in->hidden >= HIDDEN_TRICKS)
        GUARD_SIGNAL(c, GUARD_TEXT_HIDDEN, leads && !k->list ? 700 : 200,
                     {"count", arena_printf(c->arena, "%u", in->hidden)});
    if (in->flags & FACTS_CUT_WORDS)
        GUARD_SIGNAL(c, GUARD_TEXT_CUT, k->list || k->n_foreign == 0 ? 300 : 900, {"count", STR("1")});
    if ((in->html & HTML_SEEN) && k->n_foreign > 0 && k->n_own == 0 && k->topics.words < SHORT_WORDS && !k->list)
        GUARD_SIGNAL(c, GUARD_TEXT_SHORT, c->in->unsubscribe ? 200 : 500,
                     {"count", arena_printf(c->arena, "%u", k->topics.words)});
    if ((in->html & HTML_IMAGE_ONLY) && k->n_hosts > 0)
        GUARD_SIGNAL(c, GUARD_TEXT_PICTURE, leads ? 1500 : 300, {"count", arena_printf(c->arena, "%u", in->images)});
    if (in->html & HTML_OVERLAY)
        GUARD_FIND(c, GUARD_TEXT_OVERLAY, {"count", STR("1")});
}

void guard_words(struct guard_case *c, struct guard_content *k)
{
    by_shape(c, k);
    by_topic(c, k);
    by_sum(c, k);
    by_model(c, k);
}
