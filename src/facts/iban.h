#pragma once
/* IBAN: ISO 13616 lengths per country and ISO 7064 mod 97-10, with the national check digits that mod 97 does not cover
 * where the algorithm is public (IT, SM CIN; FR, MC key; ES control digits; BE mod 97; PT). Pure. */
#include "core/str.h"

#define IBAN_MAX 34u
enum iban_check {
    IBAN_OK = 0,
    IBAN_BAD_COUNTRY = 1,
    IBAN_BAD_LENGTH = 2,
    IBAN_BAD_CHAR = 3,
    IBAN_BAD_MOD97 = 4,
    IBAN_BAD_NATIONAL = 5
};
/* iban: upper case, no separators. */
enum iban_check iban_check(struct str iban);
/* Length by country code (two upper-case letters); 0 unknown. */
unsigned iban_length(struct str country);
/* Finds the next IBAN at or after *at in running text: groups may be parted by up to three spaces, dots, dashes, slashes and kin; it must not
 * continue a longer alphanumeric word. Writes the normal form; *at is set behind it. false: none left. Only strings
 * that pass mod 97 count. */
bool iban_next(struct str text, size_t *at, char out[IBAN_MAX + 1], size_t *start);
