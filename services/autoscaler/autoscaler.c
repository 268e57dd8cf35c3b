/* autoscaler.c — Sleeps, looks, decides, resizes, sleeps.
 *
 *   start -> SLEEP --every--> look at the fleet, ask hpa.c, resize if the number changed --+
 *              ^                                                                            |
 *              +----------------------------------------------------------------------------+
 *
 * Looking and resizing answer at once, so there is one thing to wait for and no state to keep. */
#include "services/autoscaler/autoscaler.h"

#include "services/autoscaler/hpa.h"

struct autoscaler {
    struct call call; /* The sleep. First, so that a call is its autoscaler. */
    struct autoscaler_config config;
    struct ports ports;
    struct hpa hpa;
};

static struct hpa_config hpa_config_of(const struct autoscaler_config *config)
{
    return (struct hpa_config){
        .target = config->target,
        .replicas_min = config->replicas_min,
        .replicas_max = config->replicas_max,
        .tolerance = config->tolerance,
        .every_ns = config->every_ns,
        .down_window_ns = config->down_window_ns,
    };
}

static double metric_of(enum autoscaler_signal signal, const struct fleet_view *view)
{
    switch (signal) {
    case AUTOSCALER_CPU:
        return view->cpu;
    case AUTOSCALER_IN_FLIGHT:
        return view->in_flight;
    case AUTOSCALER_RATE:
        return view->rate;
    case AUTOSCALER_LAG:
        return view->lag;
    }
    return 0;
}

static void autoscaler_decide(struct autoscaler *autoscaler)
{
    const struct ports *ports = &autoscaler->ports;
    struct fleet_view view;
    struct hpa_sample sample;
    uint32_t replicas;

    fleet_look(ports->fleet, &view);
    sample = (struct hpa_sample){.metric = metric_of(autoscaler->config.signal, &view),
                                 .ready = view.ready,
                                 .starting = view.starting};
    replicas = hpa_decide(&autoscaler->hpa, &sample, timer_now_ns(ports->timer));
    if (replicas != view.ready + view.starting)
        fleet_resize(ports->fleet, replicas);
}

static void autoscaler_sleep(struct autoscaler *autoscaler)
{
    timer_sleep(autoscaler->ports.timer, &autoscaler->call, autoscaler->config.every_ns);
}

static void autoscaler_step(struct call *call)
{
    struct autoscaler *autoscaler = (struct autoscaler *)call;

    autoscaler_decide(autoscaler);
    autoscaler_sleep(autoscaler);
}

static void autoscaler_start(void *service)
{
    autoscaler_sleep(service);
}

static void autoscaler_visit(void *service, struct visit *visit)
{
    struct autoscaler *autoscaler = service;
    bool is_health = visit->ask.verb == VERB_HEALTH;

    door_answer(autoscaler->ports.door, visit, is_health ? CALL_OK : CALL_FAILED, 0, 0);
}

size_t autoscaler_bytes(const struct autoscaler_config *config)
{
    struct hpa_config rule = hpa_config_of(config);

    return sizeof(struct autoscaler) + 64 + hpa_bytes(&rule);
}

struct autoscaler *autoscaler_init(const struct autoscaler_config *config,
                                   const struct ports *ports)
{
    struct autoscaler *autoscaler = arena_take(ports->arena, sizeof(*autoscaler));
    struct hpa_config rule = hpa_config_of(config);

    *autoscaler =
        (struct autoscaler){.call.done = autoscaler_step, .config = *config, .ports = *ports};
    hpa_init(&autoscaler->hpa, &rule, ports->arena);
    return autoscaler;
}

const struct service_ops autoscaler_service = {.visit = autoscaler_visit,
                                               .start = autoscaler_start};
