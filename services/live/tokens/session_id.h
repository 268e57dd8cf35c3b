/* session_id.h — A session's id: who it is for, its end, and 128 random bits, in base64url.
 *
 *     user (8 bytes) | end (8) | random (16)      what people hold; end: microseconds since 1970
 *     session = the first 56 random bits          the key in the store
 *     proof   = 63 bits of SHA-256 of it all      the value in the store
 *
 * Guessing takes both: an id that finds a session, and the bits that give its proof. Whoever reads
 * the store learns neither. */
#ifndef SERVICES_LIVE_TOKENS_SESSION_ID_H
#define SERVICES_LIVE_TOKENS_SESSION_ID_H

#include "services/live/tokens/jwt.h"

enum { SESSION_ID_LENGTH = 43 };

/* A new one for the user and until the end that stand in *claims; session and proof are written
 * there. False: the system's chance refused. */
bool session_id_make(char text[static SESSION_ID_LENGTH], struct token_claims *claims,
                     struct jwt_clock clock);

/* TOKEN_SOUND, and user, session, proof, end (expires_ns); TOKEN_MALFORMED or TOKEN_OVERSIZED. */
enum token_flaw session_id_read(struct token_claims *claims, struct span text,
                                struct jwt_clock clock);

#endif
