/* audit_inside.h — The parts of the audit; for sim/audit alone.
 *
 * audit.c hears, counts and opens the ends; audit_likes.c and audit_orders.c keep the facts of
 * their verbs and judge them; audit_auth.c does so for tokens, audit_counter.c for what was counted
 * in memory. */
#ifndef SIM_AUDIT_AUDIT_INSIDE_H
#define SIM_AUDIT_AUDIT_INSIDE_H

#include "sim/audit/audit.h"

/* Whether what is asked of a service comes to one of this kind: its own, or one that it asks. */
bool audit_leads_to(const struct scenario *scenario, uint32_t service, enum service_kind kind);

/* A log that does not wait for its followers may lose what it has acknowledged, and one that keeps
 * so many records drops what nobody has read yet. */
static inline bool audit_log_keeps(const struct scenario *scenario)
{
    return scenario->queue.acks == ACKS_ALL && scenario->queue.retention == 0;
}

enum failure audit_failure(enum call_outcome outcome);

/* audit_likes.c */
void audit_likes_offered(struct audit *audit, const struct request *request);
void audit_likes_finished(struct audit *audit, const struct request *request,
                          enum call_outcome outcome);
void audit_likes_end(struct audit *audit, const struct evidence *evidence, bool has_drained);

/* audit_auth.c */
void audit_auth_init(struct audit *audit);
void audit_auth_heard(struct audit *audit, const struct token_news *news);
void audit_auth_end(struct audit *audit, const struct evidence *evidence);

/* audit_counter.c */
void audit_counter_end(struct audit *audit);

/* audit_orders.c */
size_t audit_orders_bytes(void);
void audit_orders_init(struct audit *audit);
void audit_orders_offered(struct audit *audit, const struct request *request);
void audit_orders_finished(struct audit *audit, const struct request *request,
                           enum call_outcome outcome, bool is_late);
void audit_orders_end(struct audit *audit, const struct evidence *evidence, bool has_drained);

#endif
