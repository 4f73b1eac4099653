#pragma once
/* The text model: how much a text is worded like fraud, learned by tools/train from texts in five languages that may be
 * learned from, shipped as text_model.def. A linear model over hashed words and pairs of words, each counted once, divided by
 * the root of their number so that length does not decide. Integers only: the same on every machine. */
#include "core/str.h"

#define GUARD_MODEL_BUCKETS 8192u
#define GUARD_MODEL_WORDS 300u /* from the beginning; what a fraud wants stands there */
extern const unsigned guard_model_version;
/* folded: guard_text_fold. Milli-nats for fraud, negative for honest work; 0 when there are fewer than GUARD_MODEL_LEAST words. */
#define GUARD_MODEL_LEAST 8u
int32_t guard_model_score(struct str folded);
