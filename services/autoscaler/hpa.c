/* hpa.c — The arithmetic of the HorizontalPodAutoscaler, and its memory of what it said. */
#include "services/autoscaler/hpa.h"

#include "services/base/check.h"

/* Scale-up limit, the default of autoscaling/v2: the greater of the two, per period. */
enum { UP_REPLICAS = 4, UP_TIMES = 2 };
static const uint64_t up_period_ns = 15000000000;

/* Quotients of doubles miss a whole number by their last bits, 0.3 / 0.1 for one. The original
 * counts in thousandths; what is finer than a millionth of a replica is noise here. */
static const double noise = 1e-6;

enum { REPLICAS_ENOUGH = 1000000000 }; /* A ratio beyond it is capped before it overflows. */

/* ---- What it said ------------------------------------------------------------------------- */

/* Decisions in a window, and one more at each end. */
static uint32_t notes_for(const struct hpa_config *config, uint64_t window_ns)
{
    check(config->every_ns > 0);
    check(window_ns / config->every_ns < UINT32_MAX / 2);
    return (uint32_t)(window_ns / config->every_ns) + 2;
}

static void log_init(struct hpa_log *log, struct arena *arena, uint32_t notes_max)
{
    *log = (struct hpa_log){
        .notes = arena_take(arena, notes_max * sizeof(struct hpa_note)),
        .notes_max = notes_max,
    };
}

static void log_add(struct hpa_log *log, uint64_t at_ns, int64_t replicas)
{
    log->notes[log->length++ % log->notes_max] =
        (struct hpa_note){.at_ns = at_ns, .replicas = replicas};
}

/* The i-th latest note that is younger than the window; NULL: there is none. */
static const struct hpa_note *log_back(const struct hpa_log *log, uint64_t i, uint64_t now_ns,
                                       uint64_t window_ns)
{
    const struct hpa_note *note;

    if (i >= log->length || i >= log->notes_max)
        return NULL;
    note = &log->notes[(log->length - 1 - i) % log->notes_max];
    return now_ns - note->at_ns < window_ns ? note : NULL;
}

static int64_t highest_said(const struct hpa *hpa, uint64_t now_ns)
{
    const struct hpa_note *note;
    int64_t highest = 0;

    for (uint64_t i = 0;
         (note = log_back(&hpa->recommendations, i, now_ns, hpa->config.down_window_ns)); i++)
        highest = note->replicas > highest ? note->replicas : highest;
    return highest;
}

static int64_t moved_lately(const struct hpa *hpa, uint64_t now_ns)
{
    const struct hpa_note *note;
    int64_t moved = 0;

    for (uint64_t i = 0; (note = log_back(&hpa->moves, i, now_ns, up_period_ns)); i++)
        moved += note->replicas;
    return moved;
}

size_t hpa_bytes(const struct hpa_config *config)
{
    size_t notes = (size_t)notes_for(config, config->down_window_ns);

    return (notes + notes_for(config, up_period_ns)) * sizeof(struct hpa_note) + (size_t)2 * 64;
}

void hpa_init(struct hpa *hpa, const struct hpa_config *config, struct arena *arena)
{
    check(config->target > 0);
    check(config->replicas_min > 0 && config->replicas_min <= config->replicas_max);
    *hpa = (struct hpa){.config = *config};
    log_init(&hpa->recommendations, arena, notes_for(config, config->down_window_ns));
    log_init(&hpa->moves, arena, notes_for(config, up_period_ns));
}

/* ---- What it says ------------------------------------------------------------------------- */

static uint32_t hpa_current(const struct hpa_sample *sample)
{
    return sample->ready + sample->missing + sample->starting;
}

static uint32_t round_up(double replicas)
{
    uint32_t whole;

    if (replicas >= REPLICAS_ENOUGH)
        return REPLICAS_ENOUGH;
    whole = (uint32_t)replicas;
    return whole + (replicas - whole > noise);
}

static bool is_near_one(double ratio, double tolerance)
{
    return ratio <= 1 + tolerance + noise && ratio >= 1 - tolerance - noise;
}

struct usage {
    double sum;      /* In the metric's unit. */
    double replicas; /* That it is counted over. */
};

/* Those of whom nothing is known are counted so that the move becomes smaller. */
static struct usage count_cautiously(const struct hpa_config *config,
                                     const struct hpa_sample *sample, double ratio)
{
    double full = sample->full > config->target ? sample->full : config->target;
    struct usage usage = {.sum = sample->metric * sample->ready, .replicas = sample->ready};

    if (ratio < 1) {
        usage.sum += full * sample->missing;
        usage.replicas += sample->missing;
    } else if (ratio > 1) {
        usage.replicas += (double)sample->missing + sample->starting;
    }
    return usage;
}

uint32_t hpa_recommend(const struct hpa_config *config, const struct hpa_sample *sample)
{
    uint32_t current = hpa_current(sample);
    double ratio = sample->metric / config->target;
    struct usage usage = count_cautiously(config, sample, ratio);
    double cautious;

    if (sample->ready == 0)
        return current;
    cautious = usage.sum / (config->target * usage.replicas);
    if (is_near_one(cautious, config->tolerance) || (ratio < 1) != (cautious < 1))
        return current;
    return round_up(cautious * usage.replicas);
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The most that the limit on growth allows from where the period began. */
static int64_t growth_limit(const struct hpa *hpa, int64_t current, uint64_t now_ns)
{
    int64_t began = current - moved_lately(hpa, now_ns);

    return greater(current, greater(began + UP_REPLICAS, began * UP_TIMES));
}

static int64_t steady(const struct hpa *hpa, int64_t current, int64_t wanted, uint64_t now_ns)
{
    if (wanted < current)
        return lesser(current, greater(wanted, highest_said(hpa, now_ns)));
    return lesser(wanted, growth_limit(hpa, current, now_ns));
}

static uint32_t clamp(const struct hpa_config *config, int64_t replicas)
{
    if (replicas < config->replicas_min)
        return config->replicas_min;
    if (replicas > config->replicas_max)
        return config->replicas_max;
    return (uint32_t)replicas;
}

uint32_t hpa_decide(struct hpa *hpa, const struct hpa_sample *sample, uint64_t now_ns)
{
    uint32_t current = hpa_current(sample);
    uint32_t decided = clamp(&hpa->config, current);
    uint32_t wanted;

    if (hpa->recommendations.length == 0) /* What is there when it begins counts as said. */
        log_add(&hpa->recommendations, now_ns, current);
    if (decided == current) {
        wanted = hpa_recommend(&hpa->config, sample);
        log_add(&hpa->recommendations, now_ns, wanted);
        decided = clamp(&hpa->config, steady(hpa, current, wanted, now_ns));
    }
    if (decided != current)
        log_add(&hpa->moves, now_ns, (int64_t)decided - current);
    return decided;
}
