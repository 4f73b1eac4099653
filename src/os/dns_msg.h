#pragma once
/* Messages of the dns role, both sides (os/msg.def 30-31), and readers of the record data they carry. An answer holds
 * the records of the type asked for, at the end of any CNAME chain. Many questions may be under way on one channel;
 * answers come in any order, by id. */
#include "os/channel.h"

#define DNS_NAME_MAX 253u /* text, without the last dot */
#define DNS_RECORDS_MAX 128u
#define DNS_ANSWER_MAX (64u * 1024)
#define DNS_LIMIT_MS 20000 /* the role itself answers DNS_TIMEOUT after so long */

enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_TLSA = 52
};
enum dns_status {
    DNS_OK = 0,
    DNS_NXDOMAIN = 1,
    DNS_SERVFAIL =
        2, /* also: refused by the servers, DNSSEC says bogus, name not acceptable, too many questions under way */
    DNS_TIMEOUT = 3,
};
struct dns_answer {
    enum dns_status status; /* DNS_OK with no record: the name exists, the type does not */
    bool secure;            /* validated by DNSSEC */
    uint32_t ttl;
    size_t n;
    struct str rdata[DNS_RECORDS_MAX]; /* views into the message: wire form, names uncompressed */
};
int dns_query_send(int fd, uint64_t id, unsigned type, struct str name) MUST_USE;
int dns_query_read(const struct channel_msg *m, unsigned *type, struct str *name) MUST_USE;
int dns_answer_send(int fd, uint64_t id, const struct dns_answer *a) MUST_USE;
int dns_answer_read(const struct channel_msg *m, struct dns_answer *a) MUST_USE;

/* Record data. false: not well formed. */
bool dns_rdata_txt(struct str rdata, struct buf *out);  /* character-strings joined without space (RFC 7208 3.3) */
bool dns_rdata_name(struct str rdata, struct buf *out); /* PTR, CNAME, NS: text without last dot; odd bytes as \DDD */
bool dns_rdata_mx(struct str rdata, uint16_t *preference, struct buf *name); /* "." is an empty name (RFC 7505) */
