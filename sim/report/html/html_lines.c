/* html_lines.c — A page of the terminal's report as HTML: lines as paragraphs, grids as tables.
 *
 *   page_put, page_wrap, page_end  -->  <p class="dim">…<span class="bad">…</span>…</p>
 *   a line that is strong from end to end  -->  <h2>
 *   grid_print  -->  <table>, with variants across or below each other as in a terminal
 *
 * So every section of the report is in the page as it is, in the same words and figures, and a new
 * one needs no line here. A line is kept until it ends, for only then is it known what it is. */
#include <stdlib.h>
#include <string.h>

#include "services/base/check.h"
#include "sim/report/html/html_inside.h"

static const char *const classes[] = {
    [COLOR_PLAIN] = "plain", [COLOR_STRONG] = "strong", [COLOR_DIM] = "dim",
    [COLOR_GOOD] = "good",   [COLOR_BAD] = "bad",       [COLOR_WARN] = "warn",
};

/* ---- Lines ---------------------------------------------------------------------------------- */

/* The line's own colour is its class, so that most lines need no span. */
static void begin_line(struct html_lines *lines, enum color color)
{
    lines->line = open_memstream(&lines->text, &lines->bytes);
    check(lines->line != NULL);
    lines->first = lines->color = color;
    lines->is_uniform = true;
}

static void change_color(struct html_lines *lines, enum color color)
{
    if (lines->color != lines->first)
        fputs("</span>", lines->line);
    if (color != lines->first)
        fprintf(lines->line, "<span class=\"%s\">", classes[color]);
    lines->color = color;
    lines->is_uniform = false;
}

static void put_piece(struct page *page, enum color color, const char *text, size_t bytes)
{
    struct html_lines *lines = page->context;

    if (lines->line == NULL)
        begin_line(lines, color);
    else if (page->blank > 0)
        putc(' ', lines->line);
    page->blank = 0;
    if (color != lines->color)
        change_color(lines, color);
    html_put_bytes(lines->line, text, bytes);
}

static void end_line(struct page *page)
{
    struct html_lines *lines = page->context;
    const char *tag = lines->first == COLOR_STRONG && lines->is_uniform ? "h2" : "p";

    if (lines->line == NULL)
        return;
    if (lines->color != lines->first)
        fputs("</span>", lines->line);
    fclose(lines->line);
    fprintf(lines->out, "<%s class=\"%s\">%s</%s>\n", tag, classes[lines->first], lines->text, tag);
    free(lines->text);
    lines->line = NULL;
}

/* ---- Tables --------------------------------------------------------------------------------- */

static void put_head_cell(FILE *out, const char *scope, struct head head)
{
    fprintf(out, "<th scope=\"%s\"><bdi>", scope);
    html_put(out, head.upper);
    fputs("</bdi>", out);
    if (head.lower[0] != 0) {
        fputs(" <span class=\"lower\">", out);
        html_put(out, head.lower);
        fputs("</span>", out);
    }
    fputs("</th>", out);
}

static struct head head_of_variant(const struct grid *grid, unsigned variant)
{
    struct head head = {"", ""};

    snprintf(head.upper, sizeof head.upper, "%s", grid->variant(grid->context, variant).text);
    return head;
}

static struct head head_of_item(const struct grid *grid, unsigned item)
{
    return grid->item(grid->context, item);
}

static void put_cell(FILE *out, struct cell cell)
{
    fprintf(out, "<td class=\"%s\">", classes[cell.color]);
    html_put(out, cell.text);
    fputs("</td>", out);
}

static void put_table(FILE *out, const struct grid *grid, bool has_variants_across)
{
    unsigned columns_max = has_variants_across ? grid->variants_max : grid->items_max;
    unsigned rows_max = has_variants_across ? grid->items_max : grid->variants_max;
    struct head (*head_of_column)(const struct grid *, unsigned) =
        has_variants_across ? head_of_variant : head_of_item;
    struct head (*head_of_row)(const struct grid *, unsigned) =
        has_variants_across ? head_of_item : head_of_variant;

    fputs("<thead><tr><td></td>", out);
    for (unsigned column = 0; column < columns_max; column++)
        put_head_cell(out, "col", head_of_column(grid, column));
    fputs("</tr></thead><tbody>\n", out);
    for (unsigned row = 0; row < rows_max; row++) {
        fputs("<tr>", out);
        put_head_cell(out, "row", head_of_row(grid, row));
        for (unsigned column = 0; column < columns_max; column++)
            put_cell(out, has_variants_across ? grid->cell(grid->context, row, column)
                                              : grid->cell(grid->context, column, row));
        fputs("</tr>\n", out);
    }
    fputs("</tbody>", out);
}

/* Can be scrolled, by keys as well, where it is wider than the page. */
static void put_grid(struct page *page, const struct grid *grid)
{
    struct html_lines *lines = page->context;

    fputs("<div class=\"scroll\" tabindex=\"0\"><table>", lines->out);
    put_table(lines->out, grid, grid->variants_max <= GRID_ACROSS_MAX);
    fputs("</table></div>\n", lines->out);
}

void html_lines_init(struct html_lines *lines, FILE *out)
{
    static const struct page_sink sink = {put_piece, end_line, put_grid};

    *lines = (struct html_lines){.out = out};
    page_init_sink(&lines->page, &sink, lines);
}
