/* theory_json.c — The estimate as one JSON document: keys in English, formulas in the reader's
 * language, every number a number with its unit beside it. What is not estimable is null. */
#include <jansson.h>
#include <math.h>

#include "sim/report/theory_report.h"
#include "sim/report/words.h"

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *figure(struct estimate_figure figure)
{
    return figure.has_value ? number(figure.value) : json_null();
}

static json_t *line_json(const struct theory_report *report, const struct theory_line *line)
{
    char formula[THEORY_TEXT_BYTES];

    theory_put_formula(formula, sizeof formula, report->lang, line);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s}", "what", theory_key(line->what), "label",
                     text_in(language_of(report->lang), theory_label(line->what)), "component",
                     line->service[0] == '\0' ? "clients" : line->service, "verb", line->verb,
                     "formula", formula, "value", number(line->value.value), "unit",
                     theory_unit_key(line->value.unit));
}

static json_t *phase_json(const struct theory_report *report, const struct theory *theory,
                          const struct theory_phase *phase)
{
    json_t *lines = json_array();

    for (uint32_t i = 0; i < phase->lines_max; i++)
        json_array_append_new(lines, line_json(report, &theory->lines[phase->line + i]));
    return json_pack("{s:o, s:o, s:o, s:b, s:o}", "from_s", number((double)phase->from_ns * 1e-9),
                     "to_s", number((double)phase->to_ns * 1e-9), "rate_rps", number(phase->rate),
                     "is_ramp", phase->is_ramp, "lines", lines);
}

static json_t *texts_json(const struct theory_report *report, const struct text *texts, uint32_t n)
{
    json_t *all = json_array();

    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(all, json_string(text_in(language_of(report->lang), &texts[i])));
    return all;
}

static json_t *services_json(const struct theory *theory)
{
    json_t *services = json_object();

    for (uint32_t s = 0; s < theory->scenario->services_max; s++)
        json_object_set_new(
            services, theory->scenario->services[s].name,
            json_pack("{s:o}", "utilization", figure(theory->result.utilization[s])));
    return services;
}

static json_t *variant_json(const struct theory_report *report, const struct theory *theory)
{
    const struct estimate_result *result = &theory->result;
    json_t *phases = json_array();

    for (uint32_t p = 0; p < theory->phases_max; p++)
        json_array_append_new(phases, phase_json(report, theory, &theory->phases[p]));
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:{s:o}, s:{s:o}, s:o, s:o, s:o}", "name",
        theory->scenario->variant, "throughput_rps", figure(result->throughput_rps), "goodput_rps",
        figure(result->goodput_rps), "lost", figure(result->lost), "latency_ms", "p50",
        figure(result->p50_ms), "p95", figure(result->p95_ms), "p99", figure(result->p99_ms),
        "services", services_json(theory), "store", "hit_rate", figure(result->hit_rate), "queue",
        "lag_end", figure(result->lag_end), "not_estimable",
        texts_json(report, theory->why, theory->why_max), "assumed",
        texts_json(report, theory->notes, theory->notes_max), "phases", phases);
}

bool theory_report_json(const struct theory_report *report, FILE *out)
{
    json_t *variants = json_array(), *document;
    bool is_written;

    for (unsigned v = 0; v < report->variants_max; v++)
        json_array_append_new(variants, variant_json(report, report->variants[v]));
    document =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:o}", "schema_version", 1, "scenario",
                  report->variants[0]->scenario->name, "engine", "theory", "version",
                  report->version, "scenario_sha256", report->story->sha256, "variants", variants);
    if (document == NULL)
        return false;
    is_written = json_dumpf(document, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0;
    fputc('\n', out);
    json_decref(document);
    return is_written;
}
