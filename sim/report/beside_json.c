/* beside_json.c — The same for a program; beside.schema.json says what each key means.
 *
 * What has no value is null, as in json.c: a figure that nobody estimated, an error against
 * nothing, a goal that is not there or not judged. */
#include <jansson.h>
#include <math.h>

#include "sim/report/beside_inside.h"

enum { SCHEMA_VERSION = 2, DIGITS = 10 };

static json_t *real_of(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *string_of(const char *text)
{
    json_t *string = json_string(text);

    return string != NULL ? string : json_string("?");
}

/* Under its key; what each service has, under the service's name below it. */
static void put(json_t *object, const struct beside_row *row, json_t *value)
{
    json_t *services;

    if (row->service == NULL) {
        json_object_set_new(object, row->of->key, value);
        return;
    }
    services = json_object_get(object, row->of->key);
    if (services == NULL) {
        services = json_object();
        json_object_set_new(object, row->of->key, services);
    }
    json_object_set_new(services, row->service, value);
}

static void put_rows(json_t *object, const struct beside_rows *rows)
{
    json_t *estimate = json_object(), *simulated = json_object(), *measured = json_object();
    json_t *error = json_object(), *within = json_object(), *by_chance = json_object();
    json_t *least = json_object(), *most = json_object();

    for (unsigned i = 0; i < rows->rows_max; i++) {
        const struct beside_row *row = &rows->row[i];

        put(estimate, row, real_of(row->estimate));
        put(simulated, row, real_of(row->simulated));
        put(least, row, real_of(row->least));
        put(most, row, real_of(row->most));
        put(measured, row, real_of(row->measured));
        put(error, row, real_of(row->error));
        put(within, row, row->has_goal ? json_boolean(row->is_within) : json_null());
        put(by_chance, row, row->has_goal ? json_boolean(row->is_by_chance) : json_null());
    }
    json_object_set_new(object, "estimate", estimate);
    json_object_set_new(object, "simulated", simulated);
    json_object_set_new(object, "simulated_least", least);
    json_object_set_new(object, "simulated_most", most);
    json_object_set_new(object, "measured", measured);
    json_object_set_new(object, "error", error);
    json_object_set_new(object, "within", within);
    json_object_set_new(object, "by_chance", by_chance);
}

static json_t *goals_of(const struct beside_goals *goals)
{
    json_t *object = json_object();

    json_object_set_new(object, "held", json_integer(goals->held));
    json_object_set_new(object, "by_chance", json_integer(goals->by_chance));
    json_object_set_new(object, "of", json_integer(goals->of));
    return object;
}

static json_t *not_judged_of(enum beside_trust trust)
{
    static const char *const words[] = {[BESIDE_PARTIAL] = "partial",
                                        [BESIDE_VOID] = "void",
                                        [BESIDE_TOO_FAST] = "too_fast",
                                        [BESIDE_NO_CORE] = "no_core"};

    return trust == BESIDE_JUDGED ? json_null() : json_string(words[trust]);
}

static json_t *variant_of(const struct beside_variant *variant)
{
    json_t *object = json_object(), *lag = json_object();
    struct beside_rows rows;

    beside_rows(&rows, variant);
    json_object_set_new(object, "name", string_of(beside_name(variant)));
    put_rows(object, &rows);
    json_object_set_new(object, "goals", goals_of(&rows.goals));
    json_object_set_new(object, "not_judged", not_judged_of(rows.trust));
    json_object_set_new(object, "simulated_runs", json_integer(variant->simulated_max));
    json_object_set_new(lag, "p50", real_of(variant->send_lag_p50_ms));
    json_object_set_new(lag, "p99", real_of(variant->send_lag_p99_ms));
    json_object_set_new(object, "send_lag_ms", lag);
    json_object_set_new(object, "void", json_boolean(variant->is_void));
    json_object_set_new(object, "peak_rps", real_of(variant->peak_rps));
    json_object_set_new(object, "servers",
                        variant->servers == NULL ? json_null() : string_of(variant->servers));
    return object;
}

void beside_json(const struct beside *beside, FILE *out)
{
    json_t *document = json_object(), *variants = json_array();
    struct beside_goals goals = beside_goals(beside);

    json_object_set_new(document, "schema_version", json_integer(SCHEMA_VERSION));
    json_object_set_new(document, "scenario", string_of(beside->story->variants[0].name));
    json_object_set_new(document, "scenario_sha256", string_of(beside->story->sha256));
    json_object_set_new(document, "goals", goals_of(&goals));
    for (unsigned v = 0; v < beside->variants_max; v++)
        json_array_append_new(variants, variant_of(&beside->variants[v]));
    json_object_set_new(document, "variants", variants);
    json_dumpf(document, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS));
    fputc('\n', out);
    json_decref(document);
}
