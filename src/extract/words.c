#include "extract/words.h"

/* Frequent words that are short and seldom stand in the other languages. Own selection. */
static const struct {
    unsigned kind;
    const char *words;
} lists[] = {
    {WORD_EN, "the and you your for with this that have from are not will our please can was been has more here we is "
              "be to of if they would which their what by it my all as at or so any an do on how"},
    {WORD_IT,
     "il di che non per una con sono della del la gli nel alla più questo anche come ha ho è se dei delle al "
     "dal nostro vostra suo loro questa sul gentile allegato cordiali saluti grazie buongiorno essere sarà fino "
     "lo le da ed tra presso nostra"},
    {WORD_DE,
     "der die das und nicht sie ist mit für ein eine auf den dem zu von wir ihre ihr sich auch bei oder wird sind "
     "haben werden bitte im aus nach über wenn um einen kann uns freundlichen grüßen als noch nur zur zum ich"},
    {WORD_FR, "le les des est vous une pour dans que qui votre nous avec sur pas ce cette du au sont plus par ou ne et "
              "notre être merci bonjour cordialement aux ses son leur je en un ci dès afin"},
    {WORD_ES, "el los las que una para con por su del es no se al como más este esta usted sus nuestro le lo pero sin "
              "ha está gracias saludos favor nuestra desde hasta muy también cuenta y si ya le"},
    {WORD_PT, "o os que não uma para com por seu do da dos das em se ao mais este esta você seus nosso sua no na "
              "está são obrigado são foi até já pelo também conta e as pela nos"},
    {WORD_NL,
     "de het een en van niet voor met zijn uw op te dat wij u ons aan bij naar dit om als er worden kunt heeft "
     "deze geen nog door over hebben onze graag vriendelijke groet bedankt is ook"},
    {WORD_BIC, "bic swift"},
    {WORD_SORT, "sort sortcode"},
    {WORD_ACCOUNT, "account acct acc kontonummer konto conto cuenta compte rekening rekeningnummer"},
    {WORD_ROUTING, "routing aba rtn ach"},
    {WORD_PHONE, "tel telefono telefon téléphone teléfono telefone telefoon phone call mobile mobil cell cellulare "
                 "whatsapp chiamare chiami handy hotline helpline rufnummer número móvil portable fon ph bel"},
    {WORD_CRYPTO, "btc bitcoin bitcoins ethereum eth usdt tether wallet crypto litecoin ltc tron trx trc20 erc20 "
                  "kryptowährung criptovaluta"},
    {WORD_PASSWORD, "password passwort passwd pwd pw kennwort contraseña clave passe mdp wachtwoord senha parola "
                    "passcode pin codice kod zip-passwort"},
    {WORD_INVOICE, "invoice fattura rechnung facture factura fatura factuur invoices fatture rechnungen credit-note "
                   "nota-credito proforma"},
};

static uint32_t step(uint32_t h, char c) { return (h ^ (unsigned char)ascii_lower(c)) * 16777619u; }

static void put(struct extract_words *w, uint32_t hash, unsigned kind)
{
    size_t i = hash % EXTRACT_WORDS_SLOTS;
    while (w->slot[i].hash != 0 && w->slot[i].hash != hash)
        i = (i + 1) % EXTRACT_WORDS_SLOTS;
    w->slot[i].hash = hash;
    w->slot[i].kinds |= kind;
}

static unsigned find(const struct extract_words *w, uint32_t hash)
{
    size_t i = hash % EXTRACT_WORDS_SLOTS;
    while (w->slot[i].hash != 0 && w->slot[i].hash != hash)
        i = (i + 1) % EXTRACT_WORDS_SLOTS;
    return w->slot[i].kinds;
}

void extract_words_init(struct extract_words *w)
{
    memset(w, 0, sizeof *w);
    for (size_t k = 0; k < N_ELEMENTS(lists); k++) {
        struct str rest = str_c(lists[k].words), word;
        while (rest.n && str_token(&rest, ' ', &word)) {
            uint32_t h = 2166136261u;
            for (size_t i = 0; i < word.n; i++)
                h = step(h, word.p[i]);
            put(w, h, lists[k].kind);
        }
    }
}

static bool letter(char c) { return ascii_is_alpha(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80; }

bool extract_words_next(const struct extract_words *w, struct str text, size_t *at, struct str *word, unsigned *kinds)
{
    size_t i = *at;
    while (i < text.n && !letter(text.p[i]))
        i++;
    if (i >= text.n) {
        *at = text.n;
        return false;
    }
    uint32_t h = 2166136261u;
    size_t from = i;
    for (; i < text.n && letter(text.p[i]); i++)
        h = step(h, text.p[i]);
    *at = i;
    *word = str_n(text.p + from, i - from);
    *kinds = find(w, h);
    return true;
}
