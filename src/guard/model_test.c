#include "guard/model.h"
#include "guard/name.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static int32_t score(const char *text)
{
    AUTO(arena) struct arena a;
    arena_init(&a, ARENA_NO_LIMIT);
    return guard_model_score(guard_text_fold(&a, str_c(text), 10000));
}

/* Pairs on one subject, in words that the training never saw together. */
static void test_pairs(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"Dear user, your mailbox is almost full, press the button below to keep your access or it will be deleted "
         "today",
         "Dear Tom, the drawings of the pump are in the shared folder, could you check the second page before Friday"},
        {"Gentile cliente, il suo conto verrà bloccato, clicchi sul pulsante per confermare i dati della sua identità "
         "oggi",
         "Ciao Marco, in allegato la conferma d'ordine delle lamiere, la merce partirà martedì dal nostro magazzino"},
        {"Sehr geehrter Kunde, Ihr Konto wurde eingeschränkt, bestätigen Sie heute Ihre Daten um den Zugang zu "
         "behalten",
         "Guten Morgen, anbei die Preisliste der Ventile, die Ware geht am Dienstag aus dem Lager, viele Grüße Peter"},
        {"Cher client, votre compte sera suspendu, cliquez sur le lien pour confirmer vos informations aujourd'hui",
         "Bonjour Marc, le compte rendu de la réunion est dans le dossier, il manque encore les chiffres de mars"},
        {"Estimado cliente, su cuenta ha sido bloqueada, haga clic en el enlace para verificar sus datos hoy mismo",
         "Hola Sara, adjuntamos los precios de la bomba, la mercancía saldrá el martes del almacén, un saludo Pedro"},
    };
    for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
        assert_true(score(pairs[i][0]) > 0);
        assert_true(score(pairs[i][1]) < 0);
    }
}

static void test_edges(void **state)
{
    (void)state;
    assert_true(guard_model_version >= 1);
    assert_int_equal(score(""), 0);
    assert_int_equal(score("verify your account"), 0); /* too short to say anything */
    static char many[100001];
    for (size_t i = 0; i < 100000; i++)
        many[i] = "verify "[i % 7];
    int32_t s = guard_model_score(str_c(many));
    assert_true(s > -20000 && s < 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pairs), cmocka_unit_test(test_edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
