#pragma once
/* Facts for people and tools: JSON with the names of flags in words. */
#include "core/json.h"
#include "facts/facts.h"

/* One object: "structure" (array of parts) and "insight". */
void facts_print(struct json_w *w, const struct facts_structure *s, const struct facts_insight *in);
