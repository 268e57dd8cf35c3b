/* port_rig_tokens.h — A node that makes and checks tokens, modelled and by OpenSSL.
 *
 * One core, and a key of the algorithm that the test chose before: rig_tokens. Forged tokens stand
 * for what jwt_forge makes of them in the live world. */
#ifndef TESTS_LIB_PORT_RIG_TOKENS_H
#define TESTS_LIB_PORT_RIG_TOKENS_H

#include "tests/lib/port_rig_node.h"

enum { RIG_AUDIENCE = 0xbeef, RIG_TOKENS_MAX = 1024 };

extern const struct rig_world rig_tokens_virtual, rig_tokens_live;

/* ports.tokens signs and checks by this algorithm from now on; ports.cpu is the same core. Once per
 * test. */
void rig_tokens(struct rig *rig, enum token_algorithm algorithm);

#endif
