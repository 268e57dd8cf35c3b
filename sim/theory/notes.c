/* notes.c — What was assumed, and what no formula knows.
 *
 * An assumption is noted beside figures that are about right all the same. Where they would not be
 * (what is lost comes again, what a breaker or a line's order does to an overload) the figures are
 * refused, and it is said why. */
#include "services/base/check.h"
#include "sim/theory/theory_inside.h"

/* Of those who ask, without an answer: more than a gamma's tail says of an ordinary day. */
static const double loss_least = 0.001;

static void note(struct theory *theory, const char *en, const char *ru)
{
    check(theory->notes_max < THEORY_NOTES_MAX);
    theory->notes[theory->notes_max++] = (struct text){en, ru};
}

static void refuse(struct theory *theory, const char *en, const char *ru)
{
    check(theory->why_max < THEORY_WHY_MAX);
    theory->why[theory->why_max++] = (struct text){en, ru};
}

/* ---- What a scenario has --------------------------------------------------------------------- */

static bool any_service(const struct scenario *scenario, bool (*is)(const struct service_spec *))
{
    for (uint32_t s = 0; s < scenario->services_max; s++)
        if (is(&scenario->services[s]))
            return true;
    return false;
}

static bool any_load(const struct scenario *scenario, bool (*is)(const struct load_spec *))
{
    for (uint32_t l = 0; l < scenario->loads_max; l++)
        if (is(&scenario->loads[l]))
            return true;
    return false;
}

static bool is_by_priority(const struct service_spec *service)
{
    return service->line == LINE_PRIORITY;
}

static bool turns_waiters_away(const struct service_spec *service)
{
    return service->line == LINE_LIFO || service->line == LINE_CODEL;
}

static bool has_stragglers(const struct service_spec *service)
{
    return service->stragglers > 0;
}

static bool is_scaled(const struct service_spec *service)
{
    return service->autoscale.is_on;
}

static bool queues_orders(const struct service_spec *service)
{
    return service->orders == ORDERS_QUEUED;
}

static bool has_poison(const struct load_spec *load)
{
    return load->poison > 0;
}

static bool tries_again(const struct load_spec *load)
{
    return load->retry.attempts > 1;
}

static bool passes_deadline(const struct load_spec *load)
{
    return load->passes_deadline && load->patience_ns > 0;
}

/* A balancer asks a second replica where that changes nothing. */
static bool asks_only(const struct load_spec *load)
{
    return load->verb == VERB_MENU || load->verb == VERB_TRACK || load->verb == VERB_COUNT;
}

static bool any_second_try(const struct scenario *scenario)
{
    const struct balancer_spec *balancer = &scenario->balancer;

    return any_load(scenario, tries_again) ||
           (balancer->policy != POLICY_NONE && balancer->attempts > 1 &&
            any_load(scenario, asks_only));
}

static bool any_hedge(const struct scenario *scenario)
{
    return scenario->balancer.policy != POLICY_NONE && scenario->balancer.hedge_after_ns > 0 &&
           any_load(scenario, asks_only);
}

static bool any_breaker(const struct scenario *scenario)
{
    return scenario->balancer.policy != POLICY_NONE && scenario->balancer.breaker_share > 0;
}

bool notes_any_queued_poison(const struct scenario *scenario)
{
    return any_load(scenario, has_poison) && any_service(scenario, queues_orders);
}

/* ---- What a phase has ------------------------------------------------------------------------ */

static bool gets_values(const struct service_spec *service)
{
    for (uint32_t i = 0; service->kind == KIND_CUSTOM && i < service->steps_max; i++)
        if (service->steps[i].kind == STEP_STORE_GET)
            return true;
    return false;
}

static bool any_other_reads(const struct work *work)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++) {
        const struct service_spec *service = &work->scenario->services[s];

        if (services_visits(work, s) > 0 && (auth_looks_up(service) || gets_values(service)))
            return true;
    }
    return false;
}

void notes_of_phase(struct notes *notes, const struct work *work, const struct answers *answers,
                    const struct answers *before)
{
    double offered = answers->offered - before->offered;
    double answered = answers_in_time(answers, before->length, true);

    notes->has_overload |= phase_is_overloaded(work);
    notes->has_loss |= answered < (1 - loss_least) * offered;
    notes->has_starved_users |= work->has_starved_users;
    notes->has_tied_pages |= work->has_tied_pages;
    notes->has_other_reads |= any_other_reads(work);
}

static bool any_ramp(const struct theory *theory)
{
    for (uint32_t i = 0; i < theory->phases_max; i++)
        if (theory->phases[i].is_ramp)
            return true;
    return false;
}

static bool any_drowns(const struct theory *theory)
{
    for (uint32_t i = 0; i < theory->lines_max; i++)
        if (theory->lines[i].what == THEORY_STRAGGLERS && theory->lines[i].value.value >= 1)
            return true;
    return false;
}

/* ---- What is said ---------------------------------------------------------------------------- */

static void note_policy(struct theory *theory)
{
    switch (theory->scenario->balancer.policy) {
    case POLICY_NONE:
        return;
    case POLICY_ROUND_ROBIN:
    case POLICY_WEIGHTED:
        note(theory, "taking turns: a line per replica, arrivals n times more regular (Ca² = 1/n)",
             "по очереди: у каждой реплики своя очередь, приход в n раз ровнее (Ca² = 1/n)");
        return;
    case POLICY_RANDOM:
        note(theory, "at random: a line per replica, arrivals as random as before (Ca² = 1)",
             "наугад: у каждой реплики своя очередь, приход так же случаен (Ca² = 1)");
        return;
    case POLICY_CONSISTENT_HASH:
        note(theory, "by key: taken for a random split; a hot key makes its replica worse",
             "по ключу: считаем случайным делением; горячий ключ ухудшит свою реплику");
        return;
    case POLICY_LEAST_CONNECTIONS:
    case POLICY_TWO_CHOICES:
    case POLICY_PEAK_EWMA:
        note(theory, "to the least busy: taken for one shared line, a little better than life",
             "к наименее занятой: считаем одной общей очередью, чуть лучше жизни");
        return;
    }
}

static void note_all(struct theory *theory, const struct notes *notes)
{
    const struct scenario *scenario = theory->scenario;

    if (any_ramp(theory))
        note(theory, "a ramp is taken in two halves, each at its mean rate",
             "подъём берём двумя половинами, каждую по её средней скорости");
    note_policy(theory);
    note(theory,
         "waits are long-run means; a phase much shorter than they need does not reach them",
         "ожидания — средние за долгое время; короткая фаза до них не дойдёт");
    if (any_service(scenario, is_by_priority))
        note(theory, "by priority: the mean of all waits; the urgent wait less, the others more",
             "по приоритету: среднее по всем; срочные ждут меньше, остальные больше");
    if (any_service(scenario, turns_waiters_away) && !notes->has_overload)
        note(theory, "lifo, codel: taken for first in, first out; they differ where a line stands",
             "lifo, codel: считаем как fifo; разница там, где очередь стоит");
    if (any_service(scenario, has_stragglers))
        note(theory, "stragglers: how busy they are is said; waits are those of the mean replica",
             "отстающие: их загрузка названа; ожидания — как у средней реплики");
    if (any_hedge(scenario))
        note(theory, "hedging: the second question, and the tail that it takes off, are left out",
             "второй запрос, когда первый медлит, и хвост, который он срезает, не учтены");
    if (notes_any_queued_poison(scenario))
        note(theory,
             "poison: what its tries cost the batcher, and who waits behind it, is left out",
             "брак: чего стоят попытки и кто ждёт за ним, не учтено");
}

/* Whatever happens to the load. */
static void refuse_design(struct theory *theory)
{
    const struct scenario *scenario = theory->scenario;

    if (any_drowns(theory))
        refuse(theory, "a straggler is given more than it can do: its line grows for ever",
               "отстающей дают больше, чем она может: её очередь растёт без конца");
    if (scenario->faults_max > 0)
        refuse(theory, "faults: no formula knows them; run it", "сбои: формулы о них не знают");
    if (any_service(scenario, is_scaled))
        refuse(theory, "autoscaling: the lines say where it settles, not how soon it gets there",
               "автомасштабирование: видно, к чему придёт, но не как скоро");
    if (scenario->network.loss > 0)
        refuse(theory, "lost messages: each is a timeout, and no formula adds those up",
               "потери сообщений: каждая — таймаут, формулы их не складывают");
}

/* What an overload, or a loss, sets off. */
static void refuse_overload(struct theory *theory, const struct notes *notes)
{
    const struct scenario *scenario = theory->scenario;

    if (any_second_try(scenario) && notes->has_loss)
        refuse(theory, "retries feed what causes them; the lines count first tries",
               "повторы кормят то, что их вызвало; здесь только первые попытки");
    if (any_breaker(scenario) && notes->has_loss)
        refuse(theory, "a circuit breaker: no formula knows when it opens, and for whom",
               "предохранитель: формулы не знают, когда он разомкнётся и для кого");
    if (any_service(scenario, turns_waiters_away) && notes->has_overload)
        refuse(theory, "lifo, codel: no formula knows whom they serve in time under overload",
               "lifo, codel: кого они обслужат вовремя при перегрузке, формулы не знают");
    if (any_load(scenario, passes_deadline) && notes->has_overload)
        refuse(theory, "deadlines passed on: how much late work they spare, no formula knows",
               "сроки передаются дальше: сколько работы это сбережёт, формулы не знают");
    if (notes->has_starved_users)
        refuse(theory, "open arrivals alone are too much: when closed ones get a turn, none knows",
               "одного открытого потока слишком много: когда дойдёт до closed, формулы не знают");
    if (notes->has_tied_pages)
        refuse(theory, "memcached is full: which size has which pages hangs on who came first",
               "memcached полон: кому сколько страниц, зависит от того, кто пришёл раньше");
}

bool notes_of_run(struct theory *theory, const struct notes *notes)
{
    uint32_t before;

    note_all(theory, notes);
    refuse_design(theory);
    before = theory->why_max;
    refuse_overload(theory, notes);
    return theory->why_max == before;
}
