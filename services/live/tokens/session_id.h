/* session_id.h — A session's id: who it is for and 128 random bits, as 32 letters of base64url.
 *
 *     user (8 bytes) | random (16 bytes)          what people hold
 *     session = the first 56 random bits          the key in the store
 *     proof   = 63 bits of SHA-256 of it all      the value in the store
 *
 * Guessing takes both: an id that finds a session, and the bits that give its proof. Whoever reads
 * the store learns neither. */
#ifndef SERVICES_LIVE_TOKENS_SESSION_ID_H
#define SERVICES_LIVE_TOKENS_SESSION_ID_H

#include "services/live/http/http.h"
#include "services/port/tokens.h"

enum { SESSION_ID_LENGTH = 32 };

/* A new one, and its user, session and proof in *claims. False: the system's chance refused. */
bool session_id_make(char text[static SESSION_ID_LENGTH], uint64_t user,
                     struct token_claims *claims);

/* TOKEN_SOUND, TOKEN_MALFORMED or TOKEN_OVERSIZED. */
enum token_flaw session_id_read(struct token_claims *claims, struct span text);

#endif
