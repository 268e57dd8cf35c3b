/* closed.c — Users who wait for their answer, then think: at which rate do they ask?
 *
 * N users give rate x (think + response) = N (Little). The response depends on the rate, so the
 * rate is found by bisection: all closed loads are scaled together from what they would ask of an
 * empty system. A user does not wait for itself: of the waiting that the closed forms give, the
 * share (N − 1) / N is counted (Schweitzer's approximation). */
#include <math.h>

#include "sim/theory/theory_inside.h"

static const double nearly_nothing = 1e-6;

static bool is_closed(const struct load_spec *load)
{
    return load->arrivals == ARRIVALS_CLOSED;
}

static void work_all(struct work *work)
{
    cache_work(work);
    paths_make(work);
    services_work(work);
    topics_work(work);
    batchers_work(work);
    store_work(work);
    table_work(work);
    threads_work(work);
}

static void admit_all(struct work *work)
{
    for (uint32_t s = 0; s < work->scenario->services_max; s++)
        work->admitted[s] = 1;
}

/* What full workers turn away asks nobody else, and how busy the others are decides how long the
 * workers are held: until the two agree. */
void phase_work(struct work *work)
{
    admit_all(work);
    work_all(work);
    for (unsigned i = 0; i < 20 && threads_admit(work); i++)
        work_all(work);
}

bool phase_is_overloaded(const struct work *work)
{
    bool is_over = work->store.rho >= 1 || work->table.station.rho >= 1;

    for (uint32_t s = 0; s < work->scenario->services_max; s++)
        is_over |= work->cpu[s].rho >= 1 || work->front[s].rho >= 1 || work->threads[s].rho >= 1;
    return is_over;
}

static void set_rates(struct work *work, const double *empty_s, double factor)
{
    for (uint32_t l = 0; l < work->scenario->loads_max; l++) {
        const struct load_spec *load = &work->scenario->loads[l];

        if (is_closed(load))
            work->rates[l] = factor * load->users / (load->think.mean * 1e-9 + empty_s[l]);
    }
    work_all(work);
}

/* Whether so high a rate wants more users than there are. */
static bool wants_too_many(struct work *work, const double *empty_s, double factor)
{
    double wanted = 0, users = 0;

    set_rates(work, empty_s, factor);
    if (phase_is_overloaded(work))
        return true;
    for (uint32_t l = 0; l < work->scenario->loads_max; l++) {
        const struct load_spec *load = &work->scenario->loads[l];
        double others = load->users > 0 ? (load->users - 1.0) / load->users : 0;

        if (!is_closed(load))
            continue;
        wanted += work->rates[l] *
                  (load->think.mean * 1e-9 + empty_s[l] +
                   others * (answers_mean(work, load->service, load->verb) - empty_s[l]));
        users += load->users;
    }
    return wanted > users;
}

void closed_work(struct work *work)
{
    double empty_s[SCENARIO_LOADS_MAX] = {0}, low = 0, high = 1;
    bool has_closed = false;

    for (uint32_t l = 0; l < work->scenario->loads_max; l++) {
        has_closed |= is_closed(&work->scenario->loads[l]);
        if (is_closed(&work->scenario->loads[l]))
            work->rates[l] = nearly_nothing;
    }
    work->has_starved_users = false;
    if (!has_closed)
        return;
    admit_all(work);
    work_all(work);
    for (uint32_t l = 0; l < work->scenario->loads_max; l++)
        empty_s[l] = fmax(1e-9, answers_mean(work, work->scenario->loads[l].service,
                                             work->scenario->loads[l].verb));
    for (unsigned i = 0; i < 40; i++) {
        double middle = (low + high) / 2;

        if (wants_too_many(work, empty_s, middle))
            high = middle;
        else
            low = middle;
    }
    set_rates(work, empty_s, low);
    work->has_starved_users = low <= 0;
}
