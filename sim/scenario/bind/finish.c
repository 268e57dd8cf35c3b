/* finish.c — What the keys of one mapping say together.
 *
 * First the defaults that depend on something else (a load's service follows from its verb), then
 * slips within one mapping. What concerns several mappings is in cross.c. */
#include "sim/scenario/bind/finish.h"

#include <stdio.h>
#include <string.h>

#include "services/port/ask.h"
#include "sim/scenario/bind/auth.h"
#include "sim/scenario/bind/bind.h"
#include "sim/scenario/bind/cross.h"
#include "sim/scenario/bind/idle.h"
#include "sim/scenario/problems/nearest.h"
#include "sim/scenario/yaml/utf8.h"

/* ---- Load ---- */

static enum service_kind kind_for(uint8_t verb)
{
    if (verb == VERB_LIKE || verb == VERB_UNLIKE || verb == VERB_COUNT)
        return KIND_LIKES;
    return verb == VERB_CALL ? KIND_CUSTOM : KIND_DELIVERY;
}

static bool service_is(const struct binder *binder, uint32_t i, enum service_kind kind)
{
    return binder->scenario->services[i].kind == kind;
}

static const char *verb_text(uint8_t verb)
{
    const struct word *word = group_key(&load_group, "verb")->words;

    while (word->text != NULL && word->value != verb)
        word++;
    return word->text;
}

static const char *kind_text(enum service_kind kind)
{
    const struct word *word = group_key(&service_group, "kind")->words;

    while (word->value != (int)kind)
        word++;
    return word->text;
}

/* A service that is blamed for having no steps; often its name is only misspelt. */
static bool lacks_steps(const struct binder *binder, uint32_t i)
{
    return service_is(binder, i, KIND_CUSTOM) && binder->scenario->services[i].steps_max == 0;
}

/* Somebody could be asked; otherwise the missing services are what is wrong. */
static bool any_whole(const struct binder *binder)
{
    for (uint32_t i = 0; i < binder->scenario->services_max; i++)
        if (!lacks_steps(binder, i))
            return true;
    return false;
}

static bool serves(const struct binder *binder, uint32_t i, uint8_t verb)
{
    bool is_counted = verb == VERB_LIKE || verb == VERB_COUNT;

    return service_is(binder, i, kind_for(verb)) ||
           (is_counted && service_is(binder, i, KIND_COUNTER));
}

/* The only service that knows the verb, by way of the gateway before it. */
static void choose_service(struct binder *binder, struct node *node, struct load_spec *load)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < binder->scenario->services_max; i++) {
        if (serves(binder, i, load->verb) && !lacks_steps(binder, i)) {
            load->service = i;
            found++;
        }
    }
    if (found == 1 && gateway_before(binder, load->service) < binder->scenario->services_max)
        load->service = gateway_before(binder, load->service);
    if (found == 0 && any_whole(binder))
        blame(binder->problems, node, NULL,
              "no service here knows this verb: %s wants a service of kind %s",
              "ни один сервис не знает этого глагола: для %s нужен сервис вида %s",
              verb_text(load->verb), kind_text(kind_for(load->verb)));
    if (found > 1)
        blame(binder->problems, node, NULL, "several services know this verb; say which: to: NAME",
              "этот глагол знают несколько сервисов; укажите, какой: to: ИМЯ");
}

/* Sorted, from 0s on, ramps that end before the next phase, and not all of them silent. */
static void judge_phases(struct binder *binder, struct node *rate, const struct load_spec *load)
{
    bool is_silent = true;

    for (uint32_t i = 0; i < load->phases_max; i++) {
        struct node *node = rate->kind == NODE_LIST ? node_at(rate, i) : rate;
        const struct phase *phase = &load->phases[i], *last = i == 0 ? NULL : phase - 1;

        if (i == 0 && phase->at_ns != 0)
            blame(binder->problems, node, NULL, "the first phase begins at 0s",
                  "первая фаза начинается с 0s");
        else if (last != NULL && phase->at_ns <= last->at_ns)
            blame(binder->problems, node, NULL, "phases stand in the order of their times",
                  "фазы идут по порядку времени");
        else if (node->kind == NODE_MAP && node_find(node, "rate") == NULL)
            blame(binder->problems, node, NULL, "a phase wants a rate: 200/s",
                  "фазе нужна частота, rate: 200/s");
        else if (last != NULL && last->at_ns + last->ramp_ns > phase->at_ns)
            blame(binder->problems, node, NULL, "the ramp before it has not ended yet",
                  "предыдущий разгон к этому моменту ещё не кончился");
        is_silent = is_silent && phase->rate <= 0.0;
    }
    if (is_silent && !rate->is_blamed)
        blame(binder->problems, rate, NULL, "nobody asks: the rate is never above 0/s",
              "никто не спрашивает: частота всё время 0/s");
}

static void judge_arrivals(struct binder *binder, struct node *node, const struct load_spec *load)
{
    struct node *rate = node_find(node, "rate");
    bool is_closed = load->arrivals == ARRIVALS_CLOSED;

    if (is_closed && node_find(node, "users") == NULL)
        blame(binder->problems, node, NULL, "closed arrivals want users: 100",
              "замкнутому потоку нужны users: 100");
    else if (!is_closed && rate == NULL)
        blame(binder->problems, node, NULL, "open arrivals want a rate: 200/s",
              "открытому потоку нужна частота, rate: 200/s");
    else if (!is_closed)
        judge_phases(binder, rate, load);
}

static uint32_t position_of(const struct binder *binder, const struct load_spec *load)
{
    return (uint32_t)(load - binder->scenario->loads);
}

void finish_load(struct binder *binder, struct node *node, void *into)
{
    struct load_spec *load = into;
    const struct node *verb = node_find(node, "verb");

    if (load->name[0] == '\0')
        (void)snprintf(load->name, sizeof load->name, "%s/%u", verb_text(load->verb),
                       position_of(binder, load));
    if (node->kind != NODE_MAP || node->is_blamed)
        return;
    if (node_find(node, "to") == NULL && (verb == NULL || !verb->is_blamed))
        choose_service(binder, node, load);
    judge_arrivals(binder, node, load);
    idle_in_load(binder, node);
    if (strcmp(binder->currency, "RUB") != 0 && load->verb == VERB_ORDER &&
        node_find(node, "amount") == NULL)
        blame(binder->problems, node, NULL, "orders in %s want an amount: 900.00 %s",
              "заказам в %s нужна сумма, amount: 900.00 %s", binder->currency, binder->currency);
}

/* ---- Services ---- */

/* Its own name, when that is a kind. */
static enum service_kind kind_by_name(const char *name)
{
    const struct word *word = group_key(&service_group, "kind")->words;

    for (; word->text != NULL; word++) {
        if (strcmp(word->text, name) == 0)
            return (enum service_kind)word->value;
    }
    return KIND_CUSTOM;
}

/* Keys that belong to other kinds of service; those of its work, one mapping down, too. */
static void judge_kind(struct binder *binder, const struct group *group, struct node *node,
                       enum service_kind kind)
{
    for (size_t i = 0; i < group->keys_max; i++) {
        const struct key *key = &group->keys[i];
        struct entry *entry = node_entry(node, key->name);

        if (entry == NULL)
            continue;
        if (key->kinds != 0 && (key->kinds & (1U << kind)) == 0)
            blame(binder->problems, entry->key, NULL, "\"%s\" is not for a service of kind %s",
                  "«%s» не бывает у сервиса вида %s", key->name, kind_text(kind));
        else if (key->type == KEY_GROUP)
            judge_kind(binder, key->group, entry->value, kind);
    }
}

static bool carries_a_log(enum likes_design design)
{
    return design == DESIGN_QUEUED || design == DESIGN_BATCHED;
}

/* An acknowledgement must come from where the like is written before the answer. */
static void judge_ack(struct binder *binder, struct node *node, struct service_spec *service)
{
    struct node *ack = node_find(node, "ack");
    bool has_log = carries_a_log(service->design);

    if (ack == NULL)
        service->ack = has_log ? ACK_QUEUE : ACK_TABLE;
    else if (has_log && service->ack == ACK_TABLE)
        blame(binder->problems, ack, "queue", "with a log between, nobody waits for the table",
              "когда между ними журнал, таблицы никто не ждёт");
    else if (!has_log && service->ack != ACK_TABLE)
        blame(binder->problems, ack, "table", "this design writes the table before it answers",
              "это решение пишет в таблицу до ответа");
}

static bool holds_its_worker(const struct step_spec *step)
{
    return step->kind == STEP_COMPUTE || step->kind == STEP_NATIVE || step->kind == STEP_BLOCK;
}

/* Of steps that begin together one at most holds the thread or process that the visit has. An event
 * loop takes them in turn. */
static void judge_together(struct binder *binder, struct node *node,
                           const struct service_spec *service)
{
    const struct node *steps = node_find(node, "steps");
    bool is_held = false;

    for (uint32_t i = 0; i < service->steps_max && service->runtime != RUNTIME_EVENT_LOOP; i++) {
        const struct step_spec *step = &service->steps[i];

        is_held = is_held && step->is_concurrent;
        if (is_held && holds_its_worker(step))
            blame(binder->problems, node_entry(node_at(steps, i), "concurrent")->key, NULL,
                  "a thread or a process does one thing at a time: together with compute, native "
                  "or block run only sleep, store, table, put and ask",
                  "поток или процесс делает одно дело за раз: вместе с compute, native или block "
                  "идут только sleep, store, table, put и ask");
        is_held = is_held || holds_its_worker(step);
    }
}

/* A service that is custom only because its name is misspelt is told the right one. */
static void judge_steps(struct binder *binder, struct node *node,
                        const struct service_spec *service)
{
    const struct word *word = group_key(&service_group, "kind")->words;
    const struct node *steps = node_find(node, "steps");
    struct nearest nearest = nearest_to(service->name);

    if (service->steps_max > 0 && service->steps[0].is_concurrent)
        blame(binder->problems, node_entry(node_at(steps, 0), "concurrent")->key, NULL,
              "the first step has none before it to begin with",
              "перед первым шагом нет шага, с которым он мог бы начаться");
    if (service->kind != KIND_CUSTOM || service->steps_max > 0 ||
        (steps != NULL && steps->is_blamed))
        return;
    for (; word->text != NULL; word++)
        nearest_offer(&nearest, word->text);
    for (uint32_t i = 0; i < binder->scenario->services_max; i++)
        if (strcmp(binder->scenario->services[i].name, service->name) != 0)
            nearest_offer(&nearest, binder->scenario->services[i].name);
    blame(binder->problems, node, nearest.best,
          "service \"%s\" is custom and has no steps: steps: [{compute: 5ms}]",
          "у сервиса «%s» вида custom нет шагов: steps: [{compute: 5ms}]",
          quote(service->name).text);
}

/* Each process of a batcher would want partitions of its own, and that is what replicas are. The
 * line before processes is the kernel's, which knows no priority. */
static void judge_processes(struct binder *binder, struct node *node,
                            const struct service_spec *service)
{
    if (service->kind == KIND_BATCHER && service->runtime == RUNTIME_PROCESSES)
        blame(binder->problems, node_find(node, "runtime"), NULL,
              "a batcher is one consumer of the queue; for more of them: replicas: 4",
              "batcher — один потребитель очереди; чтобы их стало больше: replicas: 4");
    if (service->line != LINE_FIFO && service->runtime == RUNTIME_PROCESSES)
        blame(binder->problems, node_find(node, "line"), "fifo",
              "the line before processes is the kernel's: first in, first out",
              "очередь к процессам ведёт ядро: кто раньше пришёл");
    if (service->line > LINE_PRIORITY && service->runtime == RUNTIME_EVENT_LOOP)
        blame(
            binder->problems, node_find(node, "line"), "fifo",
            "an event loop lets everybody in at once; those orders want threads: runtime: threads",
            "цикл событий впускает всех сразу; такому порядку нужны потоки: runtime: threads");
}

/* Each core of an event loop is a thread, and none is ever taken off its core: for threads that
 * share memory this is a pool like any other. Processes share none, and a lock around the whole
 * interpreter is another story. */
static void count_threads(struct binder *binder, struct node *node, struct service_spec *service)
{
    const struct node *runtime = node_find(node, "runtime");

    if (service->runtime == RUNTIME_EVENT_LOOP) {
        service->runtime = RUNTIME_THREADS;
        service->threads = service->cores;
    }
    if (service->runtime != RUNTIME_THREADS)
        blame(binder->problems, node_find(node, "runtime"), "threads",
              "a counter is shared by threads: runtime: threads",
              "счётчик делят потоки, runtime: threads");
    if (runtime != NULL && node_find(runtime, "quantum") != NULL)
        blame(binder->problems, node_find(runtime, "quantum"), NULL,
              "a counter's threads take the machine's turns: memory.quantum, beside services",
              "потоки счётчика чередует машина: memory.quantum, рядом с services");
}

static void judge_stragglers(struct binder *binder, struct node *node,
                             const struct service_spec *service)
{
    struct node *stragglers = node_find(node, "stragglers");
    uint32_t most = service->autoscale.is_on && service->autoscale.replicas_max > service->replicas
                        ? service->autoscale.replicas_max
                        : service->replicas;
    char wanted[16];

    if (stragglers == NULL || service->stragglers <= most)
        return;
    (void)snprintf(wanted, sizeof wanted, "%u", most);
    blame(binder->problems, node_find(stragglers, "count"), wanted, "there are %s replicas at most",
          "реплик не больше %s", wanted);
}

void finish_service(struct binder *binder, struct node *node, void *into)
{
    struct service_spec *service = into;

    if (node_find(node, "kind") == NULL)
        service->kind = kind_by_name(service->name);
    judge_kind(binder, &service_group, node, service->kind);
    if (service->kind == KIND_LIKES)
        judge_ack(binder, node, service);
    if (service->kind == KIND_COUNTER)
        count_threads(binder, node, service);
    judge_steps(binder, node, service);
    judge_together(binder, node, service);
    judge_processes(binder, node, service);
    judge_stragglers(binder, node, service);
}

void finish_runtime(struct binder *binder, struct node *node, void *into)
{
    struct service_spec *service = into;
    struct node *threads = node_find(node, "threads"), *processes = node_find(node, "processes");

    if (node_find(node, "model") != NULL || (threads == NULL && processes == NULL)) {
        idle_in_runtime(binder, node, NULL);
    } else if (threads != NULL && processes != NULL) {
        blame(binder->problems, processes, NULL,
              "threads and processes are two models; say which: model: threads",
              "threads и processes — разные модели; укажите, какая: model: threads");
    } else {
        service->runtime = threads != NULL ? RUNTIME_THREADS : RUNTIME_PROCESSES;
        idle_in_runtime(binder, node, threads != NULL ? "threads" : "processes");
    }
}

/* ---- Autoscale ---- */

static const char *target_for(enum scale_signal signal)
{
    switch (signal) {
    case SIGNAL_CPU:
        return "70%";
    case SIGNAL_RATE:
        return "200/s";
    case SIGNAL_IN_FLIGHT:
    case SIGNAL_LAG:
        break;
    }
    return "10";
}

static void judge_target(struct binder *binder, struct node *node,
                         const struct autoscale_spec *autoscale)
{
    struct node *target = node_find(node, "target");
    const char *text = target == NULL ? "" : target->text;
    const char *wanted = target_for(autoscale->signal);

    if (target == NULL && autoscale->signal != SIGNAL_CPU)
        blame(binder->problems, node, NULL, "this signal wants a target: %s",
              "этому сигналу нужна цель, target: %s", wanted);
    if (target == NULL)
        return;
    if ((strchr(text, '%') != NULL) != (autoscale->signal == SIGNAL_CPU) ||
        (strchr(text, '/') != NULL) != (autoscale->signal == SIGNAL_RATE))
        blame(binder->problems, target, wanted, "the target does not fit the signal",
              "цель не подходит сигналу");
    else if (!(autoscale->target > 0.0))
        blame(binder->problems, target, NULL, "the target is above 0", "цель больше 0");
}

void finish_autoscale(struct binder *binder, struct node *node, void *into)
{
    struct autoscale_spec *autoscale = into;
    struct node *least = node_find(node, "min"), *most = node_find(node, "max");

    if (node == NULL || node->is_blamed)
        return;
    if (node_find(node, "enabled") == NULL && node->kind == NODE_MAP)
        autoscale->is_on = true;
    if (node_find(node, "target") == NULL && autoscale->signal == SIGNAL_CPU)
        autoscale->target = 0.8; /* As Kubernetes does. */
    if (!autoscale->is_on || node->kind != NODE_MAP)
        return;
    judge_target(binder, node, autoscale);
    if (autoscale->replicas_min > autoscale->replicas_max)
        blame(binder->problems, least != NULL ? least : most, NULL, "min %u is above max %u",
              "min %u больше, чем max %u", autoscale->replicas_min, autoscale->replicas_max);
}

/* ---- Prices ---- */

void finish_surge(struct binder *binder, struct node *node, void *into)
{
    (void)into;
    if (node != NULL && node->kind == NODE_MAP && !node->is_blamed &&
        node_find(node, "from") == NULL)
        blame(binder->problems, node, NULL, "a surge wants to know when it begins: from: 200/s",
              "повышению нужно начало, from: 200/s");
}

/* Every restaurant is in one tier, and each tier has restaurants of its own. */
static void judge_tiers(struct binder *binder, struct node *tiers, const struct prices_spec *prices)
{
    const double close = 1e-6; /* Shares are kept to the millionth. */
    double sum = 0.0;

    for (uint32_t i = 0; i < prices->tiers_max; i++)
        sum += prices->tiers[i].share;
    if (prices->tiers_max > 0 && (sum < 1.0 - close || sum > 1.0 + close))
        blame(binder->problems, tiers, NULL,
              "the shares of all tiers together are %.6g%%, not 100%%",
              "доли всех тарифов вместе дают %.6g%%, а не 100%%", sum * 100.0);
}

void finish_prices(struct binder *binder, struct node *node, void *into)
{
    struct node *tiers = node_find(node, "tiers");

    idle_in_prices(binder, node);
    if (tiers != NULL && !tiers->is_blamed && tiers->kind == NODE_LIST)
        judge_tiers(binder, tiers, into);
}

/* ---- Steps ---- */

static bool stays_here(enum step_kind kind)
{
    return kind == STEP_COMPUTE || kind == STEP_NATIVE || kind == STEP_SLEEP || kind == STEP_BLOCK;
}

/* It limits an answer that may not come; nothing stops work that is done here. */
static void judge_step_timeout(struct binder *binder, struct node *node)
{
    struct entry *timeout = node_entry(node, "timeout");

    if (timeout != NULL)
        blame(binder->problems, timeout->key, NULL,
              "\"timeout\" has no effect here: it goes with store, table, put or ask",
              "«timeout» здесь ни на что не влияет: он нужен для store, table, put и ask");
}

void finish_step(struct binder *binder, struct node *node, void *into)
{
    static const struct {
        const char *name;
        enum step_kind kind;
        bool says_itself; /* Its word is the kind: store: get. */
    } actions[] = {{"compute", STEP_COMPUTE, false}, {"native", STEP_NATIVE, false},
                   {"sleep", STEP_SLEEP, false},     {"block", STEP_BLOCK, false},
                   {"put", STEP_PUT, false},         {"ask", STEP_ASK, false},
                   {"store", STEP_STORE_GET, true},  {"table", STEP_TABLE_READ, true}};
    struct step_spec *step = into;
    unsigned found = 0;

    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (node_find(node, actions[i].name) == NULL)
            continue;
        found++;
        if (!actions[i].says_itself)
            step->kind = actions[i].kind;
    }
    if (found != 1 && node->kind == NODE_MAP)
        blame(binder->problems, node, NULL,
              "a step is one of compute, native, sleep, block, store, table, put, ask",
              "шаг — это что-то одно: compute, native, sleep, block, store, table, put, ask");
    if (found == 1)
        idle_in_step(binder, node);
    if (found == 1 && stays_here(step->kind))
        judge_step_timeout(binder, node);
}

/* ---- The whole ---- */

void finish_scenario(struct binder *binder, struct node *node, void *into)
{
    (void)node;
    (void)into;
    cross_check(binder);
}
