/* html_data.c — What the scripts of the page draw from: one JSON document.
 *
 *   { "lang": "en", "words": {"en": {…}, "ru": {…}},
 *     "report": the document of json.c, all of it,
 *     "variants": [ { "name", "topology", "faults": [{"kind", "target", "from_s", "to_s"}],
 *                     "p99_bound_ms", "expected", "simulated": of --both, that run's series } ] }
 *
 * The words are those of drawings; what stands in the text of the page as well is in words.c. */
#include <math.h>
#include <string.h>

#include "sim/report/document.h"
#include "sim/report/html/html_inside.h"
#include "sim/report/sections.h"

static const struct drawn_word {
    const char *key;
    struct text text;
} drawn_words[] = {
    {"other", {"Русский", "English"}}, /* The name of the other language, in itself. */
    {"rates", {"Requests per second", "Запросов в секунду"}},
    {"latency", {"Latency", "Задержка"}},
    {"waiting", {"Waiting", "Ждут"}},
    {"replicas", {"Replicas ready", "Готовых реплик"}},
    {"offered", {"offered", "пришло"}},
    {"ok", {"in time", "вовремя"}},
    {"failed", {"lost", "потеряно"}},
    {"measured", {"measured", "измерено"}},
    {"simulated", {"simulated", "симуляция"}},
    {"queue", {"in services", "в сервисах"}},
    {"lag", {"in the log", "в логе"}},
    {"ready", {"ready", "готово"}},
    {"linear", {"straight", "равномерные"}},
    {"log", {"logarithmic", "логарифмические"}},
    {"scales", {"Axes of latency and waiting", "Оси задержки и ожидания"}},
    {"highest", {"highest", "максимум"}},
    {"seconds", {"s", "с"}},
    {"of_requests", {"lost, of all requests", "потеряно от всех запросов"}},
    {"loss", {"loss", "убыток"}},
    {"costs", {"costs", "расходы"}},
    {"forgone", {"lost with failed orders", "упущено с потерянными заказами"}},
    {"clients", {"clients", "клиенты"}},
    {"balancer", {"balancer", "балансировщик"}},
    {"bottleneck", {"bottleneck", "узкое место"}},
    {"autoscaler", {"autoscaler", "автоскейлер"}},
    {"faults", {"faults", "сбои"}},
    {"mean", {"mean", "в среднем"}},
    {"peak", {"peak", "пик"}},
    {"lag_max", {"lag up to", "отставание до"}},
    {"cores", {"cores", "ядра"}},
    {"topology", {"Who asks whom", "Кто кого спрашивает"}},
    {"figure", {"figure", "показатель"}},
};

static const struct {
    const char *key;
    enum word word;
} common_words[] = {
    {"timeout", WORD_TIMEOUT}, {"shed", WORD_SHED},     {"refused", WORD_REFUSED},
    {"error", WORD_ERROR},     {"denied", WORD_DENIED}, {"unanswered", WORD_UNANSWERED},
    {"late", WORD_LATE},       {"profit", WORD_PROFIT},
};

static json_t *words_of(enum language language)
{
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof common_words / sizeof common_words[0]; i++)
        json_object_set_new(object, common_words[i].key,
                            json_string(word(language, common_words[i].word)));
    for (size_t i = 0; i < sizeof drawn_words / sizeof drawn_words[0]; i++)
        json_object_set_new(object, drawn_words[i].key,
                            json_string(text_in(language, &drawn_words[i].text)));
    return object;
}

static json_t *fault_of(const struct scenario *scenario, const struct fault_spec *fault)
{
    static const char *const kinds[] = {
        [FAULT_CRASH] = "crash", [FAULT_PAUSE] = "pause", [FAULT_CUT] = "cut"};
    uint64_t ends_ns = fault->for_ns == 0 ? scenario->duration_ns : fault->at_ns + fault->for_ns;

    return json_pack("{sssssfsf}", "kind", kinds[fault->kind], "target", fault->target, "from_s",
                     (double)fault->at_ns * 1e-9, "to_s", (double)ends_ns * 1e-9);
}

/* The bound of p99, to be drawn where latencies are; null: none. */
static json_t *p99_bound_of(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->thresholds_max; i++) {
        const struct threshold *threshold = &scenario->thresholds[i];

        if (strcmp(threshold->metric, "latency.p99") == 0 && isfinite(threshold->bound) &&
            (threshold->comparison == BELOW || threshold->comparison == AT_MOST))
            return json_real(threshold->bound);
    }
    return json_null();
}

static json_t *variant_of(const struct html *html, unsigned v)
{
    const struct report *report = html->report;
    const struct result *result = report->variants[v].result;
    const struct scenario *scenario = result->scenario;
    json_t *object = json_object(), *faults = json_array();

    for (uint32_t i = 0; i < scenario->faults_max; i++)
        json_array_append_new(faults, fault_of(scenario, &scenario->faults[i]));
    json_object_set_new(object, "name", json_string(variant_name(report, v)));
    json_object_set_new(object, "expected",
                        json_boolean(variant_is_as_expected(&report->variants[v])));
    json_object_set_new(object, "p99_bound_ms", p99_bound_of(scenario));
    json_object_set_new(object, "faults", faults);
    json_object_set_new(object, "topology", html_topology(result));
    if (html->beside != NULL)
        json_object_set_new(object, "simulated",
                            report_series(html->beside->variants[v].simulated[0]));
    return object;
}

json_t *html_data(const struct html *html)
{
    const struct report *report = html->report;
    enum language language = language_of(report->lang);
    json_t *document = json_object(), *variants = json_array();

    for (unsigned v = 0; v < report->variants_max; v++)
        json_array_append_new(variants, variant_of(html, v));
    json_object_set_new(document, "lang", json_string(language == LANGUAGE_RU ? "ru" : "en"));
    json_object_set_new(
        document, "words",
        json_pack("{soso}", "en", words_of(LANGUAGE_EN), "ru", words_of(LANGUAGE_RU)));
    json_object_set_new(document, "variants", variants);
    json_object_set_new(document, "report", report_document(report));
    return document;
}
