/* keys_auth.c — The keys of who may ask: a gateway's, a load's, and what tokens cost. */
#include "sim/scenario/bind/auth.h"
#include "sim/scenario/keys/keys.h"

static const struct word kinds[] = {
    {"none", AUTH_NONE, "Everybody is let in.", "Впускают всех."},
    {"session", AUTH_SESSION, "A random id; every request is looked up in the store.",
     "Случайный номер; каждый запрос сверяют с хранилищем."},
    {"jwt", AUTH_JWT, "A signed token; nobody is asked, and nothing can be taken back.",
     "Подписанный токен; никого не спрашивают, и отозвать нельзя."},
    {"jwt_denylist", AUTH_JWT_DENYLIST, "A signed token, and a look whether it was taken back.",
     "Подписанный токен и взгляд в список отозванных."},
    {0},
};
static const struct word algorithms[] = {
    {"hs256", ALGORITHM_HS256, "One secret makes and checks it.",
     "Один секрет и подписывает, и проверяет."},
    {"rs256", ALGORITHM_RS256, "RSA, 2048 bits: dear to sign, cheap to check.",
     "RSA, 2048 бит: подпись дорога, проверка дешева."},
    {"eddsa", ALGORITHM_EDDSA, "Ed25519: small, and dearer to check than to sign.",
     "Ed25519: мала, проверка дороже подписи."},
    {0},
};
static const struct word without_store[] = {
    {"refuse", 0, "Nobody is let in.", "Никого не впускают."},
    {"accept", 1, "Who has a good signature is.", "Впускают с верной подписью."},
    {0},
};
/* 15 minutes: "short-lived" access tokens of RFC 9700 are minutes long; 24 h: a day of work. */
static const struct key auth_keys[] = {
    {"kind", KEY_WORD, KEY_AT(struct auth_spec, kind), .words = kinds, .fallback = "none",
     .en = "How it knows who may ask.", .ru = "Как он узнаёт, кому можно."},
    {"algorithm", KEY_WORD, KEY_AT(struct auth_spec, algorithm), .words = algorithms,
     .fallback = "hs256", .en = "How tokens are signed.", .ru = "Чем подписаны токены."},
    {"ttl", KEY_DURATION, KEY_AT(struct auth_spec, ttl_ns), .fallback = "15m", .least = "100ms",
     .most = "24h", .en = "Life of a signed token; then it is refreshed.",
     .ru = "Жизнь подписанного токена; потом его обновляют."},
    {"refresh_ttl", KEY_DURATION, KEY_AT(struct auth_spec, session_ns), .fallback = "24h",
     .least = "100ms", .most = "720h", .en = "Life of a session, from login to login.",
     .ru = "Жизнь сессии, от входа до входа."},
    {"leeway", KEY_DURATION, KEY_AT(struct auth_spec, leeway_ns), .fallback = "0s", .least = "0s",
     .most = "1h", .en = "For clocks that differ: a token is good for so much longer.",
     .ru = "На расхождение часов: на столько дольше токен годен."},
    {"when_store_is_down", KEY_WORD, KEY_AT(struct auth_spec, accepts_without_store),
     .words = without_store, .fallback = "refuse",
     .en = "What a denylist that does not answer means.",
     .ru = "Что делать, если список отозванных не отвечает."},
};
const struct group auth_group = {"auth", KEYS_OF(auth_keys), .brief = "kind",
                                 .finish = finish_auth};

static const struct word askers[] = {
    {"nobody", LOAD_NOBODY, "Nobody shows a token.", "Токенов ни у кого нет."},
    {"people", LOAD_PEOPLE, "They log in, and show what they were given.",
     "Входят и показывают, что им выдали."},
    {"forger", LOAD_FORGER, "Every request shows a token with another flaw.",
     "В каждом запросе токен с новым изъяном."},
    {0},
};
static const struct key load_auth_keys[] = {
    {"as", KEY_WORD, KEY_AT(struct load_auth_spec, as), .words = askers, .fallback = "nobody",
     .en = "Who they are; writing the mapping makes them people.",
     .ru = "Кто они; само наличие ключа делает их людьми."},
    {"logout", KEY_SHARE, KEY_AT(struct load_auth_spec, logout), .fallback = "0%", .least = "0%",
     .most = "100%", .en = "Logins that end with a logout.",
     .ru = "Доля входов, которые кончаются выходом."},
    {"stolen", KEY_SHARE, KEY_AT(struct load_auth_spec, stolen), .fallback = "0%", .least = "0%",
     .most = "100%",
     .en = "Logins that end with one because a thief has the token, and goes on with it.",
     .ru = "Доля входов, после которых токен украден; хозяин выходит, а вор продолжает."},
    {"after", KEY_DURATION_DIST, KEY_AT(struct load_auth_spec, after), .fallback = "10s",
     .least = "0s", .most = "1h", .en = "From the login to the logout.",
     .ru = "От входа до выхода."},
    {"thief_every", KEY_DURATION, KEY_AT(struct load_auth_spec, thief_each_ns), .fallback = "100ms",
     .least = "1ms", .most = "1h", .en = "From one try of a thief to the next.",
     .ru = "От одной попытки вора до другой."},
};
const struct group load_auth_group = {"load auth", KEYS_OF(load_auth_keys), .brief = "as",
                                      .finish = finish_load_auth};

#define SIGN_AND_VERIFY(algorithm, sign, verify)                                                   \
    {"sign",                                                                                       \
     KEY_DURATION,                                                                                 \
     KEY_AT(struct tokens_spec, sign_ns[algorithm]),                                               \
     .fallback = (sign),                                                                           \
     .least = "0s",                                                                                \
     .most = "1s",                                                                                 \
     .en = "To make one.",                                                                         \
     .ru = "Сделать."},                                                                            \
        {"verify",                                                                                 \
         KEY_DURATION,                                                                             \
         KEY_AT(struct tokens_spec, verify_ns[algorithm]),                                         \
         .fallback = (verify),                                                                     \
         .least = "0s",                                                                            \
         .most = "1s",                                                                             \
         .en = "To check one.",                                                                    \
         .ru = "Проверить."},

/* OpenSSL 3.0 on a 2.6 GHz virtual core (sim calibrate). JSON and base64url are in it: they are
 * most of an HS256 token, whose HMAC alone takes 0.4 us. This release checks Ed25519 slowly. */
static const struct key hs256_keys[] = {SIGN_AND_VERIFY(ALGORITHM_HS256, "2us", "5us")};
static const struct key rs256_keys[] = {SIGN_AND_VERIFY(ALGORITHM_RS256, "730us", "30us")};
static const struct key eddsa_keys[] = {SIGN_AND_VERIFY(ALGORITHM_EDDSA, "53us", "147us")};
static const struct group hs256_group = {"hs256", KEYS_OF(hs256_keys)};
static const struct group rs256_group = {"rs256", KEYS_OF(rs256_keys)};
static const struct group eddsa_group = {"eddsa", KEYS_OF(eddsa_keys)};

static const struct key tokens_keys[] = {
    {"hs256", KEY_GROUP, .group = &hs256_group,
     .en = "Processor time of a token with HMAC-SHA-256.",
     .ru = "Процессорное время токена с HMAC-SHA-256."},
    {"rs256", KEY_GROUP, .group = &rs256_group, .en = "Of one with RSA, 2048 bits.",
     .ru = "Токена с RSA, 2048 бит."},
    {"eddsa", KEY_GROUP, .group = &eddsa_group, .en = "Of one with Ed25519.",
     .ru = "Токена с Ed25519."},
    {"session", KEY_DURATION, KEY_AT(struct tokens_spec, session_ns), .fallback = "1us",
     .least = "0s", .most = "1s", .en = "Making a session's id, or reading one.",
     .ru = "Сделать номер сессии или прочесть его."},
};
const struct group tokens_group = {"tokens", KEYS_OF(tokens_keys)};
