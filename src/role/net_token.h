#pragma once
/* App tokens by the control socket: sigillo token add, list, revoke. */
#include "admin/control.h"
#include "role/net.h"
#include "core/date.h"

struct net_token;
/* On the loop. NULL: the request is another verb's. What is wrong with it is said by net_token_work. */
struct net_token *net_token_take(struct net_role *n, struct str request);
int net_token_work(struct net_token *t, uid_t uid, struct buf *reply); /* on any thread; as control_handle */
void net_token_free(struct net_token *t);
