/* token_keys.c — HMAC, RSA and Ed25519 by OpenSSL 3. */
#include "services/live/tokens/token_keys.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

struct token_keys {
    enum token_algorithm algorithm;
    EVP_MAC_CTX *mac; /* HS256: keyed once, begun anew for each token. */
    EVP_PKEY *pair;   /* The others. */
    EVP_MD_CTX *context;
    EVP_MD *digest; /* NULL: Ed25519 has its own. */
};

/* ---- Keys as they travel --------------------------------------------------------------------- */

static bool take_pair(struct token_settings *settings, EVP_PKEY *pair)
{
    unsigned char *to = settings->key;
    int length = pair == NULL ? -1 : i2d_PrivateKey(pair, NULL);
    bool fits = length > 0 && length <= TOKEN_KEY_MAX && i2d_PrivateKey(pair, &to) == length;

    settings->length = fits ? (uint32_t)length : 0;
    EVP_PKEY_free(pair);
    return fits;
}

bool token_settings_make(struct token_settings *settings, enum token_algorithm algorithm)
{
    *settings = (struct token_settings){.algorithm = algorithm};
    switch (algorithm) {
    case TOKEN_HS256:
        settings->length = TOKEN_SECRET_BYTES;
        return getrandom(settings->key, TOKEN_SECRET_BYTES, 0) == TOKEN_SECRET_BYTES;
    case TOKEN_RS256:
        return take_pair(settings, EVP_RSA_gen(2048));
    case TOKEN_EDDSA:
        return take_pair(settings, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    case TOKEN_ALGORITHMS:
        break;
    }
    return false;
}

bool token_settings_derive(struct token_settings *settings, enum token_algorithm algorithm,
                           const char *secret)
{
    static const char purpose[] = "sim tokens";
    unsigned char seed[TOKEN_SECRET_BYTES];
    size_t length = 0;

    *settings = (struct token_settings){.algorithm = algorithm};
    if (algorithm == TOKEN_RS256 ||
        EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret, strlen(secret),
                  (const unsigned char *)purpose, sizeof purpose - 1, seed, sizeof seed,
                  &length) == NULL)
        return false;
    if (algorithm == TOKEN_EDDSA)
        return take_pair(settings,
                         EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed));
    memcpy(settings->key, seed, sizeof seed);
    settings->length = sizeof seed;
    return true;
}

/* ---- Keys in use ----------------------------------------------------------------------------- */

static bool open_mac(struct token_keys *keys, const struct token_settings *settings)
{
    char sha256[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    keys->mac = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac); /* The context has its own hold on it. */
    return settings->length >= TOKEN_SECRET_BYTES && keys->mac != NULL &&
           EVP_MAC_init(keys->mac, settings->key, settings->length, parameters) == 1;
}

static bool open_pair(struct token_keys *keys, const struct token_settings *settings)
{
    const unsigned char *from = settings->key;
    const char *kind = settings->algorithm == TOKEN_RS256 ? "RSA" : "ED25519";

    keys->pair = d2i_AutoPrivateKey(NULL, &from, (long)settings->length);
    keys->context = EVP_MD_CTX_new();
    if (settings->algorithm == TOKEN_RS256)
        keys->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    return keys->pair != NULL && keys->context != NULL && EVP_PKEY_is_a(keys->pair, kind) &&
           (settings->algorithm == TOKEN_EDDSA || keys->digest != NULL);
}

struct token_keys *token_keys_open(const struct token_settings *settings)
{
    struct token_keys *keys = calloc(1, sizeof *keys);
    bool is_open;

    check(keys != NULL);
    keys->algorithm = (enum token_algorithm)settings->algorithm;
    is_open =
        settings->length > 0 && settings->length <= TOKEN_KEY_MAX &&
        (keys->algorithm == TOKEN_HS256 ? open_mac(keys, settings) : open_pair(keys, settings));
    if (is_open)
        return keys;
    token_keys_close(keys);
    return NULL;
}

void token_keys_close(struct token_keys *keys)
{
    EVP_MAC_CTX_free(keys->mac);
    EVP_MD_CTX_free(keys->context);
    EVP_MD_free(keys->digest);
    EVP_PKEY_free(keys->pair);
    free(keys);
}

enum token_algorithm token_keys_algorithm(const struct token_keys *keys)
{
    return keys->algorithm;
}

static size_t sign_by_mac(struct token_keys *keys, struct span bytes, unsigned char *signature)
{
    size_t length = 0;

    if (EVP_MAC_init(keys->mac, NULL, 0, NULL) != 1 ||
        EVP_MAC_update(keys->mac, (const unsigned char *)bytes.bytes, bytes.length) != 1 ||
        EVP_MAC_final(keys->mac, signature, &length, TOKEN_SIGNATURE_MAX) != 1)
        return 0;
    return length;
}

size_t token_keys_sign(struct token_keys *keys, struct span bytes,
                       unsigned char signature[static TOKEN_SIGNATURE_MAX])
{
    size_t length = TOKEN_SIGNATURE_MAX;

    if (keys->algorithm == TOKEN_HS256)
        return sign_by_mac(keys, bytes, signature);
    if (EVP_MD_CTX_reset(keys->context) != 1 ||
        EVP_DigestSignInit(keys->context, NULL, keys->digest, NULL, keys->pair) != 1 ||
        EVP_DigestSign(keys->context, signature, &length, (const unsigned char *)bytes.bytes,
                       bytes.length) != 1)
        return 0;
    return length;
}

bool token_keys_verify(struct token_keys *keys, struct span bytes, const unsigned char *signature,
                       size_t length)
{
    unsigned char ours[TOKEN_SIGNATURE_MAX];

    if (keys->algorithm == TOKEN_HS256)
        return sign_by_mac(keys, bytes, ours) == length &&
               CRYPTO_memcmp(ours, signature, length) == 0;
    return EVP_MD_CTX_reset(keys->context) == 1 &&
           EVP_DigestVerifyInit(keys->context, NULL, keys->digest, NULL, keys->pair) == 1 &&
           EVP_DigestVerify(keys->context, signature, length, (const unsigned char *)bytes.bytes,
                            bytes.length) == 1;
}

size_t token_keys_public(const struct token_keys *keys, char *pem, size_t max)
{
    BIO *memory = BIO_new(BIO_s_mem());
    int length = 0;

    if (memory != NULL && keys->pair != NULL && PEM_write_bio_PUBKEY(memory, keys->pair) == 1)
        length = BIO_read(memory, pem, (int)max);
    BIO_free(memory);
    return length > 0 ? (size_t)length : 0;
}
