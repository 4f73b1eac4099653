/* Codes of facts in words, it and en: evidence is stored once and read in both languages. */
#include "guard/guard.h"

struct word {
    const char *code, *text[2];
};
/* Countries of the IBAN registry. */
static const struct word countries[] = {
    {"AD", {"Andorra", "Andorra"}},
    {"AE", {"Emirati Arabi Uniti", "the United Arab Emirates"}},
    {"AL", {"Albania", "Albania"}},
    {"AT", {"Austria", "Austria"}},
    {"AZ", {"Azerbaigian", "Azerbaijan"}},
    {"BA", {"Bosnia ed Erzegovina", "Bosnia and Herzegovina"}},
    {"BE", {"Belgio", "Belgium"}},
    {"BG", {"Bulgaria", "Bulgaria"}},
    {"BH", {"Bahrein", "Bahrain"}},
    {"BR", {"Brasile", "Brazil"}},
    {"BY", {"Bielorussia", "Belarus"}},
    {"CH", {"Svizzera", "Switzerland"}},
    {"CR", {"Costa Rica", "Costa Rica"}},
    {"CY", {"Cipro", "Cyprus"}},
    {"CZ", {"Repubblica Ceca", "Czechia"}},
    {"DE", {"Germania", "Germany"}},
    {"DK", {"Danimarca", "Denmark"}},
    {"DO", {"Repubblica Dominicana", "the Dominican Republic"}},
    {"EE", {"Estonia", "Estonia"}},
    {"EG", {"Egitto", "Egypt"}},
    {"ES", {"Spagna", "Spain"}},
    {"FI", {"Finlandia", "Finland"}},
    {"FO", {"Isole Fær Øer", "the Faroe Islands"}},
    {"FR", {"Francia", "France"}},
    {"GB", {"Regno Unito", "the United Kingdom"}},
    {"GE", {"Georgia", "Georgia"}},
    {"GI", {"Gibilterra", "Gibraltar"}},
    {"GL", {"Groenlandia", "Greenland"}},
    {"GR", {"Grecia", "Greece"}},
    {"GT", {"Guatemala", "Guatemala"}},
    {"HR", {"Croazia", "Croatia"}},
    {"HU", {"Ungheria", "Hungary"}},
    {"IE", {"Irlanda", "Ireland"}},
    {"IL", {"Israele", "Israel"}},
    {"IQ", {"Iraq", "Iraq"}},
    {"IS", {"Islanda", "Iceland"}},
    {"IT", {"Italia", "Italy"}},
    {"JO", {"Giordania", "Jordan"}},
    {"KW", {"Kuwait", "Kuwait"}},
    {"KZ", {"Kazakistan", "Kazakhstan"}},
    {"LB", {"Libano", "Lebanon"}},
    {"LC", {"Santa Lucia", "Saint Lucia"}},
    {"LI", {"Liechtenstein", "Liechtenstein"}},
    {"LT", {"Lituania", "Lithuania"}},
    {"LU", {"Lussemburgo", "Luxembourg"}},
    {"LV", {"Lettonia", "Latvia"}},
    {"LY", {"Libia", "Libya"}},
    {"MC", {"Monaco", "Monaco"}},
    {"MD", {"Moldavia", "Moldova"}},
    {"ME", {"Montenegro", "Montenegro"}},
    {"MK", {"Macedonia del Nord", "North Macedonia"}},
    {"MR", {"Mauritania", "Mauritania"}},
    {"MT", {"Malta", "Malta"}},
    {"MU", {"Mauritius", "Mauritius"}},
    {"NL", {"Paesi Bassi", "the Netherlands"}},
    {"NO", {"Norvegia", "Norway"}},
    {"PK", {"Pakistan", "Pakistan"}},
    {"PL", {"Polonia", "Poland"}},
    {"PS", {"Palestina", "Palestine"}},
    {"PT", {"Portogallo", "Portugal"}},
    {"QA", {"Qatar", "Qatar"}},
    {"RO", {"Romania", "Romania"}},
    {"RS", {"Serbia", "Serbia"}},
    {"RU", {"Russia", "Russia"}},
    {"SA", {"Arabia Saudita", "Saudi Arabia"}},
    {"SC", {"Seicelle", "the Seychelles"}},
    {"SE", {"Svezia", "Sweden"}},
    {"SI", {"Slovenia", "Slovenia"}},
    {"SK", {"Slovacchia", "Slovakia"}},
    {"SM", {"San Marino", "San Marino"}},
    {"ST", {"São Tomé e Príncipe", "São Tomé and Príncipe"}},
    {"SV", {"El Salvador", "El Salvador"}},
    {"TL", {"Timor Est", "East Timor"}},
    {"TN", {"Tunisia", "Tunisia"}},
    {"TR", {"Turchia", "Turkey"}},
    {"UA", {"Ucraina", "Ukraine"}},
    {"VA", {"Città del Vaticano", "Vatican City"}},
    {"VG", {"Isole Vergini Britanniche", "the British Virgin Islands"}},
    {"XK", {"Kosovo", "Kosovo"}},
};
static const struct word kinds[] = {
    {"script", {"lettere di un altro alfabeto", "letters of another alphabet"}},
    {"glyph", {"segni che si somigliano", "characters that look the same"}},
    {"subdomain", {"il nome noto è solo l’inizio", "the known name is only its beginning"}},
    {"letter", {"una lettera", "one letter"}},
    {"letters", {"due lettere", "two letters"}},
    {"pay-word", {"una parola aggiunta", "a word was added"}},
    {"word", {"una parola in più o in meno", "a word more or less"}},
    {"hyphen", {"un trattino", "a hyphen"}},
    {"suffix", {"la parte finale", "the ending"}},
};

/* Why reading a message ended: the words that intake and `sigillo scan` give. */
static const struct word reasons[] = {
    {"unreadable part", {"una parte non si può leggere", "a part cannot be read"}},
    {"message/partial", {"è solo un pezzo di un messaggio diviso", "it is only a piece of a divided message"}},
    {"it is still being read", {"lo si sta ancora leggendo", "it is still being read"}},
    {"it took too long to read", {"la lettura durava troppo", "it took too long to read"}},
    {"reading it took too long", {"la lettura durava troppo", "it took too long to read"}},
    {"a limit was reached", {"è più grande o più annidato di quanto si possa leggere", "a limit was reached"}},
    {"it is larger or deeper than what can be read",
     {"è più grande o più annidato di quanto si possa leggere", "it is larger or deeper than what can be read"}},
    {"the reader stopped in the middle", {"il lettore si è fermato a metà", "the reader stopped in the middle"}},
    {"its reader ended before it was done", {"il lettore si è fermato a metà", "the reader stopped in the middle"}},
    {"the reader's answer was damaged", {"il lettore ha risposto male", "the reader’s answer was damaged"}},
    {"its reader gave an answer that makes no sense",
     {"il lettore ha risposto male", "the reader’s answer was damaged"}},
};

/* How far the checks got into a file that is locked. */
static const struct word looks[] = {
    {"opened",
     {"si apre con la password che sta nel testo, e con quella i controlli l’hanno letto",
      "the password that stands in the text opens it, and with that the checks have read it"}},
    {"closed", {"nessun controllo ha potuto guardarci dentro", "no check could look inside"}},
};

static struct str find(const struct word *w, size_t n, struct str code, int lang)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(code, str_c(w[i].code)))
            return str_c(w[i].text[lang == 1]);
    return code.n ? code : STR("–");
}

/* A finding named inside another one's text: by its title. */
static struct str title_of(struct str code, int lang)
{
    for (size_t i = 0; i < GUARD_CODES; i++)
        if (str_eq(code, str_c(guard_table[i].code)))
            return str_c(guard_table[i].title[lang == 1]);
    return code;
}

struct str guard_fact_word(struct str key, struct str value, int lang)
{
    if (str_eq(key, STR("first")))
        return title_of(value, lang);
    if (value.n == 0 && str_eq(key, STR("country"))) /* an account that is no IBAN */
        return lang == 1 ? STR("its country is not stated") : STR("il Paese non è indicato");
    if (str_eq(key, STR("reason")))
        return find(reasons, N_ELEMENTS(reasons), value, lang);
    if (str_eq(key, STR("look")))
        return find(looks, N_ELEMENTS(looks), value, lang);
    if (str_eq(key, STR("country")) || str_eq(key, STR("old_country")))
        return find(countries, N_ELEMENTS(countries), value, lang);
    if (str_eq(key, STR("kind")))
        return find(kinds, N_ELEMENTS(kinds), value, lang);
    return value;
}
