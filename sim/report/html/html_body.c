/* html_body.c — The page's text, in both languages at once; a style shows one of them.
 *
 *   header       title, question; the verdict; which seed and world; what broke
 *   beside       of --both: estimated, simulated, measured
 *   thresholds
 *   designs      a card for each variant: as expected or not, why, the bottleneck, its topology
 *   over time    charts
 *   sections     all others of the terminal's report: answers, failures, money …
 *   all figures  the whole JSON document as a table
 *   footer       the command that repeats the run
 *
 * Sections are printed by the same functions as in a terminal, onto a page of html_lines.c, so that
 * no sentence is worded twice. An element with data-draw is a place that scripts draw in; all else
 * can be read without them. */
#include <stdlib.h>
#include <string.h>

#include "sim/report/html/html_inside.h"
#include "sim/report/sections.h"

static const char *const codes[LANGUAGES] = {[LANGUAGE_EN] = "en", [LANGUAGE_RU] = "ru"};

typedef void print_lines(struct page *page, const struct report *report);

struct part { /* Of the page, where there are several of its kind. */
    unsigned variant;
    print_lines *section;
};

/* Puts it in the language of html->report. */
typedef void put_part(const struct html *html, struct part part, FILE *out);

static void put_in_both(const struct html *html, struct part part, FILE *out, put_part *put)
{
    for (int language = 0; language < LANGUAGES; language++) {
        struct report report = *html->report;
        struct beside beside = html->beside == NULL ? (struct beside){0} : *html->beside;
        const struct html in = {&report, html->beside == NULL ? NULL : &beside};

        report.lang = beside.lang = codes[language];
        fprintf(out, "<div lang=\"%s\">", codes[language]);
        put(&in, part, out);
        fputs("</div>\n", out);
    }
}

static void put_heading(FILE *out, const struct text *text)
{
    fputs("<h2><span lang=\"en\">", out);
    html_put(out, text->en);
    fputs("</span><span lang=\"ru\">", out);
    html_put(out, text->ru);
    fputs("</span></h2>\n", out);
}

static void put_element(FILE *out, const char *tag, const char *class, const char *text)
{
    if (text[0] == 0)
        return;
    fprintf(out, "<%s class=\"%s\">", tag, class);
    html_put(out, text);
    fprintf(out, "</%s>", tag);
}

static void put_lines(const struct html *html, FILE *out, print_lines *print)
{
    struct html_lines lines;

    html_lines_init(&lines, out);
    print(&lines.page, html->report);
}

/* ---- Header and designs --------------------------------------------------------------------- */

static void put_head(const struct html *html, struct part part, FILE *out)
{
    const struct scenario *scenario = html->report->variants[0].result->scenario;
    enum language language = language_of(html->report->lang);
    const char *title = text_in(language, &scenario->title);

    (void)part;
    put_element(out, "h1", "title", title[0] != 0 ? title : scenario->name);
    put_element(out, "p", "question", text_in(language, &scenario->question));
    put_lines(html, out, section_warnings);
    fprintf(out, "<div class=\"verdict %s\">",
            report_exit_code(html->report) == 0 ? "good" : "bad");
    put_lines(html, out, print_verdict);
    fputs("</div>", out);
    put_lines(html, out, print_facts);
    put_lines(html, out, print_faults);
}

static void put_card_head(const struct html *html, struct part part, FILE *out)
{
    static const struct text expected = {", as expected", ", как ожидалось"};
    static const struct text unexpected = {", not as expected", ", вопреки ожиданиям"};
    const struct report_variant *variant = &html->report->variants[part.variant];
    enum language language = language_of(html->report->lang);
    bool is_expected = variant_is_as_expected(variant), has_passed = variant->result->passed;

    fprintf(out, "<h3><span class=\"mark %s\">%s</span> <bdi>", is_expected ? "good" : "bad",
            is_expected ? "✓" : "✗");
    html_put(out, variant_name(html->report, part.variant));
    fprintf(out, "</bdi> <span class=\"outcome %s\">", has_passed ? "good" : "bad");
    html_put(out, word(language, has_passed ? WORD_PASSES : WORD_FAILS));
    if (variant->result->scenario->expect != EXPECT_NOTHING)
        html_put(out, text_in(language, is_expected ? &expected : &unexpected));
    fputs("</span></h3>", out);
    put_element(out, "p", "about", text_in(language, &variant->result->scenario->variant_title));
}

static void put_card_foot(const struct html *html, struct part part, FILE *out)
{
    enum language language = language_of(html->report->lang);
    struct html_lines lines;

    html_lines_init(&lines, out);
    print_why(&lines.page, html->report, part.variant, 0);
    page_wrap(&lines.page, COLOR_DIM, 0, word(language, WORD_TITLE_BOTTLENECK));
    page_wrap(&lines.page, COLOR_DIM, 0, ": ");
    print_bottleneck(&lines.page, html->report, part.variant, 0);
}

static void put_designs(const struct html *html, FILE *out)
{
    static const struct text title = {"Designs", "Решения"};

    fputs("<section>", out);
    put_heading(out, &title);
    fputs("<ol class=\"cards\">\n", out);
    for (unsigned v = 0; v < html->report->variants_max; v++) {
        fprintf(out, "<li class=\"card %s\">",
                html->report->variants[v].result->passed ? "passes" : "fails");
        put_in_both(html, (struct part){.variant = v}, out, put_card_head);
        fprintf(out, "<figure data-draw=\"topology\" data-variant=\"%u\"></figure>", v);
        put_in_both(html, (struct part){.variant = v}, out, put_card_foot);
        fputs("</li>\n", out);
    }
    fputs("</ol></section>\n", out);
}

/* ---- Sections of the terminal's report ------------------------------------------------------ */

static const struct figure_below {
    print_lines *section;
    const char *draws;
} figures_below[] = {{section_failures, "failures"}, {section_money, "money"}};

/* A page of the section alone says whether there is anything in it. */
static bool is_empty(const struct html *html, print_lines *section)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *nowhere = open_memstream(&text, &bytes);

    if (nowhere == NULL)
        return false;
    put_lines(html, nowhere, section);
    fclose(nowhere);
    free(text);
    return bytes == 0;
}

static void put_lines_of(const struct html *html, struct part part, FILE *out)
{
    put_lines(html, out, part.section);
}

static void put_section(const struct html *html, FILE *out, print_lines *section)
{
    if (is_empty(html, section))
        return;
    fputs("<section class=\"paired\">", out);
    put_in_both(html, (struct part){.section = section}, out, put_lines_of);
    for (size_t i = 0; i < sizeof figures_below / sizeof figures_below[0]; i++)
        if (figures_below[i].section == section)
            fprintf(out, "<figure data-draw=\"%s\"></figure>", figures_below[i].draws);
    fputs("</section>\n", out);
}

static void put_other_sections(const struct html *html, FILE *out)
{
    for (const struct section *section = sections; section->print != NULL; section++)
        if (!section->is_drawn && section->print != section_thresholds)
            put_section(html, out, section->print);
}

static void put_beside(const struct html *html, struct part part, FILE *out)
{
    struct html_lines lines;

    (void)part;
    html_lines_init(&lines, out);
    beside_print(&lines.page, html->beside);
}

/* ---- What scripts draw, and the end --------------------------------------------------------- */

static void put_over_time(FILE *out)
{
    static const struct text title = {"Over time", "Во времени"};

    fputs("<section>", out);
    put_heading(out, &title);
    fputs("<div data-draw=\"charts\"></div>\n"
          "<noscript><p class=\"dim\" lang=\"en\">Charts and drawings need JavaScript; "
          "the tables do not.</p>"
          "<p class=\"dim\" lang=\"ru\">Графикам и схемам нужен JavaScript; "
          "таблицам — нет.</p></noscript></section>\n",
          out);
}

static void put_all_figures(FILE *out)
{
    static const struct text title = {"All figures", "Все показатели"};

    fputs("<section data-needs-script hidden><details><summary>", out);
    put_heading(out, &title);
    fputs("</summary><div data-draw=\"figures\"></div></details></section>\n", out);
}

static void put_foot(const struct html *html, struct part part, FILE *out)
{
    const struct report *report = html->report;

    (void)part;
    put_lines(html, out, section_work);
    if (report->repeat == NULL)
        return;
    put_element(out, "p", "dim", word(language_of(report->lang), WORD_REPEAT));
    fputs("<pre tabindex=\"0\"><code>", out);
    html_put(out, report->repeat);
    fputs("</code></pre>", out);
}

static void put_footer(const struct html *html, FILE *out)
{
    const struct report *report = html->report;

    fputs("<footer>", out);
    put_in_both(html, (struct part){0}, out, put_foot);
    fputs("<p class=\"dim\">sim ", out);
    html_put(out, report->version == NULL ? "" : report->version);
    fputs(" · sha256 <span class=\"hash\">", out);
    html_put(out, report->story->sha256);
    fputs("</span></p></footer>\n", out);
}

void html_put_body(const struct html *html, FILE *out)
{
    fputs("<header>", out);
    put_in_both(html, (struct part){0}, out, put_head);
    fputs("</header>\n<main>\n", out);
    if (html->beside != NULL) {
        fputs("<section class=\"beside\">", out);
        put_in_both(html, (struct part){0}, out, put_beside);
        fputs("</section>\n", out);
    }
    put_section(html, out, section_thresholds);
    put_designs(html, out);
    put_over_time(out);
    put_other_sections(html, out);
    put_all_figures(out);
    fputs("</main>\n", out);
    put_footer(html, out);
}
