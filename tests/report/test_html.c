/* The HTML page: text stays text, the markup closes, both languages are there, arrows follow what
 * happened. What a browser makes of it is tests/html/test_html.mjs. */
#include "tests/lib/test.h"

#include <jansson.h>

#include "sim/report/html/html_inside.h"
#include "sim/report/words.h"
#include "tests/report/sample.h"

static struct sample sample;
static char *page;

/* ---- Escaping ------------------------------------------------------------------------------- */

static char *caught(void (*put)(FILE *out, const void *what), const void *what)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    assert_non_null(out);
    put(out, what);
    fclose(out);
    return text;
}

static void put_text(FILE *out, const void *what)
{
    html_put(out, what);
}

static void put_json(FILE *out, const void *what)
{
    html_put_json(out, what);
}

static void assert_put(const char *text, const char *expected)
{
    char *put = caught(put_text, text);

    assert_string_equal(put, expected);
    free(put);
}

static void text_can_neither_begin_a_tag_nor_end_an_attribute(void **state)
{
    (void)state;
    assert_put("</p><b class=\"x\" id='y'>&amp;",
               "&lt;/p&gt;&lt;b class=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;");
    assert_put("Что делать? שלום ½ 🙂", "Что делать? שלום ½ 🙂");
}

static void what_turns_a_line_or_is_no_text_is_shown_and_not_obeyed(void **state)
{
    (void)state;
    assert_put("a\x1b[2Jb", "a\ufffd[2Jb");
    assert_put("a\u202eb\u2028c\u200bd", "a\ufffdb\ufffdc\ufffdd");
    assert_put("a\xff\xc3", "a\ufffd\ufffd");
}

static void json_has_nothing_in_it_that_ends_its_element(void **state)
{
    json_t *document = json_pack("{ss}", "</script>", "<!-- \"x\" \u2028"), *back;
    char *text = caught(put_json, document);

    (void)state;
    assert_null(strchr(text, '<'));
    back = json_loads(text, 0, NULL);
    assert_true(json_equal(document, back));
    json_decref(document);
    json_decref(back);
    free(text);
}

/* ---- The page ------------------------------------------------------------------------------- */

static void print(void)
{
    size_t bytes = 0;
    FILE *out = open_memstream(&page, &bytes);

    assert_non_null(out);
    report_html(&sample.report, NULL, out);
    fclose(out);
}

static void print_body(void)
{
    const struct html html = {&sample.report, NULL};
    size_t bytes = 0;
    FILE *out = open_memstream(&page, &bytes);

    assert_non_null(out);
    html_put_body(&html, out);
    fclose(out);
}

static int setup(void **state)
{
    (void)state;
    sample_open(&sample, 3, 1);
    sample.scenarios[0].title = (struct text){"A <title>", "Название"};
    for (unsigned v = 0; v < 3; v++)
        sample.scenarios[v].title = sample.scenarios[0].title;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(page);
    page = NULL;
    sample_close(&sample);
    return 0;
}

static unsigned count_of(const char *what)
{
    unsigned count = 0;

    for (const char *at = page; (at = strstr(at, what)) != NULL; at += strlen(what))
        count++;
    return count;
}

static void the_body_closes_what_it_opens(void **state)
{
    static const char *const tags[] = {"div", "section", "table", "tr",  "td",     "th",     "li",
                                       "ol",  "p",       "h1",    "h2",  "figure", "header", "main",
                                       "bdi", "span",    "thead", "pre", "summary"};

    (void)state;
    print_body();
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        char opens[16], opens_bare[16], closes[16];

        snprintf(opens, sizeof opens, "<%s ", tags[i]);
        snprintf(opens_bare, sizeof opens_bare, "<%s>", tags[i]);
        snprintf(closes, sizeof closes, "</%s>", tags[i]);
        assert_int_equal(count_of(opens) + count_of(opens_bare), count_of(closes));
        assert_true(count_of(closes) > 0);
    }
}

static void everything_is_said_in_both_languages(void **state)
{
    (void)state;
    print_body();
    assert_int_equal(count_of("<div lang=\"en\">"), count_of("<div lang=\"ru\">"));
    assert_int_equal(count_of("A &lt;title&gt;"), 1);
    assert_int_equal(count_of("Название"), 1);
    assert_int_equal(count_of("<h2 class=\"strong\">Why requests failed</h2>"), 1);
    assert_int_equal(count_of("<h2 class=\"strong\">Почему запросы терялись</h2>"), 1);
}

static void a_card_says_whether_its_failure_was_expected(void **state)
{
    (void)state;
    sample.scenarios[2].expect = EXPECT_PASS; /* And it fails. */
    print_body();
    assert_int_equal(count_of("fails, as expected"), 1);
    assert_int_equal(count_of("fails, not as expected"), 1);
    assert_int_equal(count_of("passes, as expected"), 1);
}

static void a_table_has_the_cells_of_the_terminals(void **state)
{
    (void)state;
    print_body();
    assert_int_equal(count_of("<th scope=\"col\"><bdi>horizontal</bdi></th>"),
                     8); /* Four, twice. */
    for (int language = 0; language < LANGUAGES; language++) {
        double p99_ms = sample.merged[0].thresholds[0].value;
        char cell[160];

        snprintf(cell, sizeof cell, "<td class=\"bad\">✗ %s</td>",
                 figure_of((enum language)language, METRIC_MS, p99_ms).text);
        assert_non_null(strstr(page, cell));
    }
}

static void put_lines(void (*print_them)(struct page *page))
{
    struct html_lines lines;
    size_t bytes = 0;
    FILE *out = open_memstream(&page, &bytes);

    html_lines_init(&lines, out);
    print_them(&lines.page);
    fclose(out);
}

static void print_a_line_in_colours(struct page *to)
{
    page_end(to);
    page_move(to, 2);
    page_put(to, COLOR_DIM, "seed <7> ");
    page_wrap(to, COLOR_DIM, 2, "is not");
    page_move(to, 20);
    page_put(to, COLOR_BAD, "VOID");
    page_put(to, COLOR_DIM, "; so");
    page_end(to);
    page_end(to);
}

static void a_line_is_a_paragraph_of_its_first_colour(void **state)
{
    (void)state;
    put_lines(print_a_line_in_colours);
    assert_string_equal(page, "<p class=\"dim\">seed &lt;7&gt; is not "
                              "<span class=\"bad\">VOID</span>; so</p>\n");
}

static void print_strong_lines(struct page *to)
{
    page_put(to, COLOR_STRONG, "Money, RUB");
    page_end(to);
    page_put(to, COLOR_STRONG, "untouched");
    page_put(to, COLOR_PLAIN, " costs");
    page_end(to);
}

static void a_line_that_is_strong_to_its_end_is_a_heading(void **state)
{
    (void)state;
    put_lines(print_strong_lines);
    assert_string_equal(page, "<h2 class=\"strong\">Money, RUB</h2>\n<p class=\"strong\">untouched"
                              "<span class=\"plain\"> costs</span></p>\n");
}

static void many_variants_stand_below_each_other_as_in_a_terminal(void **state)
{
    (void)state;
    sample_close(&sample);
    sample_open(&sample, 5, 1);
    print_body();
    assert_int_equal(count_of("<th scope=\"row\"><bdi>horizontal</bdi></th>"), 8);
}

static void the_holes_of_the_page_are_filled(void **state)
{
    (void)state;
    if (!html_has_charts())
        skip();
    sample.report.lang = "ru";
    print();
    assert_non_null(strstr(page, "<html lang=\"ru\">"));
    assert_non_null(strstr(page, "<title>Название</title>"));
    assert_non_null(strstr(page, "<script type=\"application/json\" id=\"data\">{\"lang\":\"ru\""));
    assert_null(strstr(page, "@@"));
}

/* ---- The topology --------------------------------------------------------------------------- */

static struct scenario scenario;
static struct result result;
static json_t *topology;

/* A service that takes visits, and the things that its visits waited for. */
static struct service_spec *add_service(const char *name, enum service_kind kind,
                                        const char *waited_for, const char *and_for)
{
    struct service_spec *spec = &scenario.services[scenario.services_max++];
    struct service_result *station = &result.services[result.services_max++];

    snprintf(spec->name, sizeof spec->name, "%s", name);
    snprintf(station->name, sizeof station->name, "%s", name);
    spec->kind = kind;
    spec->replicas = 2;
    for (int i = 0; i < 2; i++) {
        const char *what = i == 0 ? waited_for : and_for;

        if (what != NULL)
            snprintf(station->stages[station->stages_max++].name, 16, "%s", what);
    }
    return spec;
}

static int setup_of_topology(void **state)
{
    (void)state;
    scenario = (struct scenario){.loads_max = 1, .balancer.policy = POLICY_TWO_CHOICES};
    result = (struct result){.scenario = &scenario};
    return 0;
}

static int teardown_of_topology(void **state)
{
    (void)state;
    json_decref(topology);
    topology = NULL;
    return 0;
}

static bool has_arrow(const char *from, const char *to)
{
    const json_t *edges = json_object_get(topology, "edges");

    for (size_t i = 0; i < json_array_size(edges); i++) {
        const json_t *edge = json_array_get(edges, i);

        if (strcmp(json_string_value(json_array_get(edge, 0)), from) == 0 &&
            strcmp(json_string_value(json_array_get(edge, 1)), to) == 0)
            return true;
    }
    return false;
}

static size_t arrows(void)
{
    return json_array_size(json_object_get(topology, "edges"));
}

static const json_t *node(const char *id)
{
    const json_t *nodes = json_object_get(topology, "nodes");

    for (size_t i = 0; i < json_array_size(nodes); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(nodes, i), "id")), id) == 0)
            return json_array_get(nodes, i);
    return NULL;
}

static void an_arrow_goes_where_visits_waited(void **state)
{
    (void)state;
    add_service("likes", KIND_LIKES, "store", "queue");
    add_service("batcher", KIND_BATCHER, NULL, NULL);
    result.store.is_used = result.queue.is_used = result.table.is_used = true;
    topology = html_topology(&result);
    assert_true(has_arrow("clients", "likes/balancer"));
    assert_true(has_arrow("likes/balancer", "likes"));
    assert_true(has_arrow("likes", "store"));
    assert_true(has_arrow("likes", "queue"));
    assert_true(has_arrow("queue", "batcher"));
    assert_true(has_arrow("batcher", "table"));
    assert_int_equal(arrows(), 6);
    assert_null(node("batcher/balancer"));
}

static void an_ask_step_names_whom_it_asks_and_a_proxy_asks_the_unasked(void **state)
{
    struct service_spec *door = add_service("door", KIND_CUSTOM, "peer", NULL);

    (void)state;
    scenario.balancer.policy = POLICY_NONE;
    add_service("room", KIND_CUSTOM, "peer", NULL);
    add_service("cellar", KIND_CUSTOM, "cpu", NULL);
    door->steps_max = 1;
    door->steps[0] = (struct step_spec){.kind = STEP_ASK, .service = 1};
    topology = html_topology(&result);
    assert_true(has_arrow("clients", "door"));
    assert_true(has_arrow("door", "room"));
    assert_true(has_arrow("room", "cellar"));
    assert_int_equal(arrows(), 3);
}

static void the_bottleneck_is_marked_and_faults_are_counted(void **state)
{
    (void)state;
    add_service("delivery", KIND_DELIVERY, "table", NULL);
    result.table.is_used = true;
    result.table.utilization_peak = 0.1;
    result.table.pool_utilization_peak = 1;
    snprintf(result.bottleneck.component, NAME_MAX_BYTES, "table");
    scenario.faults_max = 2;
    snprintf(scenario.faults[0].target, NAME_MAX_BYTES, "delivery/1");
    snprintf(scenario.faults[1].target, NAME_MAX_BYTES, "deliveries");
    topology = html_topology(&result);
    assert_true(json_is_true(json_object_get(node("table"), "bottleneck")));
    assert_false(json_is_true(json_object_get(node("delivery"), "bottleneck")));
    assert_true(json_real_value(json_object_get(node("table"), "utilization_peak")) >= 1);
    assert_int_equal(json_integer_value(json_object_get(node("delivery"), "faults")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_can_neither_begin_a_tag_nor_end_an_attribute),
        cmocka_unit_test(what_turns_a_line_or_is_no_text_is_shown_and_not_obeyed),
        cmocka_unit_test(json_has_nothing_in_it_that_ends_its_element),
        cmocka_unit_test_setup_teardown(the_body_closes_what_it_opens, setup, teardown),
        cmocka_unit_test_setup_teardown(everything_is_said_in_both_languages, setup, teardown),
        cmocka_unit_test_setup_teardown(a_card_says_whether_its_failure_was_expected, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_table_has_the_cells_of_the_terminals, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_is_a_paragraph_of_its_first_colour, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_that_is_strong_to_its_end_is_a_heading, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(many_variants_stand_below_each_other_as_in_a_terminal,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_holes_of_the_page_are_filled, setup, teardown),
        cmocka_unit_test_setup_teardown(an_arrow_goes_where_visits_waited, setup_of_topology,
                                        teardown_of_topology),
        cmocka_unit_test_setup_teardown(an_ask_step_names_whom_it_asks_and_a_proxy_asks_the_unasked,
                                        setup_of_topology, teardown_of_topology),
        cmocka_unit_test_setup_teardown(the_bottleneck_is_marked_and_faults_are_counted,
                                        setup_of_topology, teardown_of_topology),
    };
    return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
