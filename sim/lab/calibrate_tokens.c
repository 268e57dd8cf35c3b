/* calibrate_tokens.c — What it takes to sign a token and to check one, by the gateways' own code.
 *
 * Each is timed by itself, by the processor time of this thread: JSON, base64url and OpenSSL are in
 * it, the network is not. A gateway is charged with the same clock (services/live/tokens). Between
 * two of them this thread sleeps, as a gateway does: back to back, with all of it in the caches, a
 * check by HS256 took 7 us, and so 25 us. */
#include "services/live/loop/loop.h"
#include "services/live/tokens/jwt.h"
#include "services/live/tokens/session_id.h"
#include "sim/lab/calibrate_inside.h"

enum { ROUNDS = 150 };

static const uint64_t pace_ns = 2000000;

struct bench {
    struct token_keys *keys;
    struct token_claims claims;
    struct jwt_clock clock;
    char text[TOKEN_BYTES_MAX];
    size_t length;
    bool is_good;
};

static void sign(struct bench *bench)
{
    bench->length = jwt_write(bench->text, bench->keys, &bench->claims, bench->clock);
    bench->is_good &= bench->length > 0;
}

static void verify(struct bench *bench)
{
    struct token_claims claims;

    bench->is_good &= jwt_read(&claims, bench->keys, (struct span){bench->text, bench->length},
                               bench->clock) == TOKEN_SOUND;
}

static void read_session(struct bench *bench)
{
    struct token_claims claims;

    bench->is_good &= session_id_read(&claims, (struct span){bench->text, SESSION_ID_LENGTH},
                                      bench->clock) == TOKEN_SOUND;
}

/* A third as many come before, to warm up. */
static struct calibrated time_it(struct bench *bench, void (*what)(struct bench *bench))
{
    double took_us[ROUNDS];

    for (int i = -ROUNDS / 3; i < ROUNDS; i++) {
        uint64_t from_ns;

        calibrate_sleep_until(loop_clock_ns() + pace_ns);
        from_ns = loop_thread_clock_ns();
        what(bench);
        if (i >= 0)
            took_us[i] = (double)(loop_thread_clock_ns() - from_ns) * 1e-3;
    }
    return calibrated_of(took_us, ROUNDS);
}

static bool measure_algorithm(struct calibration *to, enum token_algorithm algorithm)
{
    struct bench bench = {.claims = {.user = 7, .session = 1, .expires_ns = 1000000000},
                          .clock = jwt_clock_at(0),
                          .is_good = true};
    struct token_settings settings;

    bench.keys = token_settings_make(&settings, algorithm) ? token_keys_open(&settings) : NULL;
    if (bench.keys == NULL)
        return false;
    to->sign[algorithm] = time_it(&bench, sign);
    to->verify[algorithm] = time_it(&bench, verify);
    token_keys_close(bench.keys);
    return bench.is_good;
}

bool calibrate_tokens(struct calibrator *calibrator)
{
    struct bench bench = {
        .claims = {.user = 7, .expires_ns = 1}, .clock = jwt_clock_at(0), .is_good = true};
    bool is_good = session_id_make(bench.text, &bench.claims, bench.clock);

    calibrate_step(calibrator, "signatures", "подписи");
    for (enum token_algorithm algorithm = TOKEN_HS256; algorithm < TOKEN_ALGORITHMS; algorithm++)
        is_good = is_good && measure_algorithm(calibrator->calibration, algorithm);
    calibrator->calibration->session = time_it(&bench, read_session);
    return (is_good && bench.is_good) ||
           message_say(calibrator->trouble, "tokens: OpenSSL does not sign and check them",
                       "токены: OpenSSL их не подписывает и не проверяет");
}
