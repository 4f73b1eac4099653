#pragma once
/* The figures of several processes as one. Each tells what it counts once a second in its column of the shared memory; whoever is asked adds the others' columns
 * to its own. A process that takes the place of a dead one goes on with what that one had counted: a sum never falls. */
#include "core/env.h"

#define HTTP_FIGURES_MAX 128u
#define HTTP_FIGURES_MS 1000

struct http_figures;
/* counters: as in http_conf. NULL: this process is alone (or the memory cannot be used: logged). */
struct http_figures *http_figures_new(int counters, unsigned unit, const struct env *env);
void http_figures_free(struct http_figures **f);
/* v: of this process, in the order of the tables, n <= HTTP_FIGURES_MAX. counter[i]: it only rises, and what the predecessor had is part of it. */
void http_figures_tell(struct http_figures *f, const int64_t *v, const bool *counter, size_t n);
/* Adds to v what the other processes told, and to counters what predecessors had. */
void http_figures_add(struct http_figures *f, int64_t *v, const bool *counter, size_t n);
