/* token_keys.h — The keys of a run's tokens: made once, handed to each gateway, used without delay.
 *
 * A struct token_settings is the key as it travels in a node's settings (by a pipe, never in argv,
 * environment or file); a struct token_keys is the same, ready: what OpenSSL has to look up by name
 * is looked up once, which makes an HMAC four times as fast. */
#ifndef SERVICES_LIVE_TOKENS_TOKEN_KEYS_H
#define SERVICES_LIVE_TOKENS_TOKEN_KEYS_H

#include "services/live/http/http.h"
#include "services/port/tokens.h"

enum { TOKEN_KEY_MAX = 1400, TOKEN_SIGNATURE_MAX = 256, TOKEN_SECRET_BYTES = 32 };

struct token_settings {
    uint32_t algorithm;               /* enum token_algorithm */
    uint32_t length;                  /* 0: there is no key, and nothing is signed. */
    unsigned char key[TOKEN_KEY_MAX]; /* HS256: 32 random bytes; else a private key in DER. */
};

/* A new key. False: OpenSSL or the system's chance refused. */
bool token_settings_make(struct token_settings *settings, enum token_algorithm algorithm);

/* The same key wherever the secret is the same: for nodes that are started one by one. False:
 * RSA, whose keys are searched for and not derived. */
bool token_settings_derive(struct token_settings *settings, enum token_algorithm algorithm,
                           const char *secret);

struct token_keys;

/* NULL: the settings hold no key of that kind. */
struct token_keys *token_keys_open(const struct token_settings *settings);
void token_keys_close(struct token_keys *keys);
enum token_algorithm token_keys_algorithm(const struct token_keys *keys);

/* The signature of these bytes; its length, 0: OpenSSL refused. */
size_t token_keys_sign(struct token_keys *keys, struct span bytes,
                       unsigned char signature[static TOKEN_SIGNATURE_MAX]);
bool token_keys_verify(struct token_keys *keys, struct span bytes, const unsigned char *signature,
                       size_t length);

/* What everybody may know: the public key as PEM, for a forger's use of it; "" for HS256. */
size_t token_keys_public(const struct token_keys *keys, char *pem, size_t max);

#endif
