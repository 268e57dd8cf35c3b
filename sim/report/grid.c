/* grid.c — Measure the columns, print as many as fit, go on with the rest.
 *
 * Cells are asked for twice, to be measured and to be printed; nothing is stored. */
#include "sim/report/grid.h"

#include <stdio.h>

static unsigned larger(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many columns from `first` on fit beside the name; at least one. */
static unsigned how_many_fit(const struct page *page, const struct grid *grid, unsigned name_width,
                             unsigned first, unsigned max,
                             unsigned (*width)(const struct grid *grid, unsigned column))
{
    unsigned at = GRID_INDENT + name_width, last = first;

    while (last < max && at + GRID_GAP + width(grid, last) <= page->columns)
        at += GRID_GAP + width(grid, last++);
    return larger(last - first, 1);
}

/* ---- Variants across ------------------------------------------------------------------------ */

static unsigned variant_width(const struct grid *grid, unsigned variant)
{
    unsigned width = text_columns(grid->variant(grid->context, variant).text);

    for (unsigned i = 0; i < grid->items_max; i++)
        width = larger(width, text_columns(grid->cell(grid->context, i, variant).text));
    return width;
}

static struct cell one_line(const struct grid *grid, unsigned item)
{
    struct head head = grid->item(grid->context, item);
    struct cell cell = {.color = COLOR_PLAIN};

    snprintf(cell.text, sizeof cell.text, "%.60s%s%.30s", head.upper, head.lower[0] == 0 ? "" : " ",
             head.lower);
    return cell;
}

static void print_across(struct page *page, const struct grid *grid, unsigned name_width,
                         unsigned first, unsigned last)
{
    page_move(page, GRID_INDENT + name_width);
    for (unsigned v = first; v < last; v++) {
        struct cell name = grid->variant(grid->context, v);

        page_move(page, page->at + GRID_GAP);
        page_cell(page, COLOR_STRONG, variant_width(grid, v), true, name.text);
    }
    page_end(page);
    for (unsigned i = 0; i < grid->items_max; i++) {
        page_move(page, GRID_INDENT);
        page_cell(page, COLOR_PLAIN, name_width, false, one_line(grid, i).text);
        for (unsigned v = first; v < last; v++) {
            struct cell cell = grid->cell(grid->context, i, v);

            page_move(page, page->at + GRID_GAP);
            page_cell(page, cell.color, variant_width(grid, v), true, cell.text);
        }
        page_end(page);
    }
}

static void variants_across(struct page *page, const struct grid *grid)
{
    unsigned name_width = 0;

    for (unsigned i = 0; i < grid->items_max; i++)
        name_width = larger(name_width, text_columns(one_line(grid, i).text));
    name_width = smaller(name_width, page->columns / 2);
    for (unsigned first = 0, fit; first < grid->variants_max; first += fit) {
        fit = how_many_fit(page, grid, name_width, first, grid->variants_max, variant_width);
        if (first > 0)
            page_end(page);
        print_across(page, grid, name_width, first, first + fit);
    }
}

/* ---- Variants below each other -------------------------------------------------------------- */

static unsigned item_width(const struct grid *grid, unsigned item)
{
    struct head head = grid->item(grid->context, item);
    unsigned width = larger(text_columns(head.upper), text_columns(head.lower));

    for (unsigned v = 0; v < grid->variants_max; v++)
        width = larger(width, text_columns(grid->cell(grid->context, item, v).text));
    return width;
}

static void print_heads(struct page *page, const struct grid *grid, unsigned name_width,
                        unsigned first, unsigned last, bool is_lower)
{
    bool is_empty = true;

    for (unsigned i = first; i < last; i++)
        is_empty = is_empty && is_lower && grid->item(grid->context, i).lower[0] == 0;
    if (is_empty)
        return;
    page_move(page, GRID_INDENT + name_width);
    for (unsigned i = first; i < last; i++) {
        struct head head = grid->item(grid->context, i);

        page_move(page, page->at + GRID_GAP);
        page_cell(page, COLOR_DIM, item_width(grid, i), true, is_lower ? head.lower : head.upper);
    }
    page_end(page);
}

static void print_below(struct page *page, const struct grid *grid, unsigned name_width,
                        unsigned first, unsigned last)
{
    print_heads(page, grid, name_width, first, last, false);
    print_heads(page, grid, name_width, first, last, true);
    for (unsigned v = 0; v < grid->variants_max; v++) {
        page_move(page, GRID_INDENT);
        page_cell(page, COLOR_STRONG, name_width, false, grid->variant(grid->context, v).text);
        for (unsigned i = first; i < last; i++) {
            struct cell cell = grid->cell(grid->context, i, v);

            page_move(page, page->at + GRID_GAP);
            page_cell(page, cell.color, item_width(grid, i), true, cell.text);
        }
        page_end(page);
    }
}

static void variants_below(struct page *page, const struct grid *grid)
{
    unsigned name_width = 0;

    for (unsigned v = 0; v < grid->variants_max; v++)
        name_width = larger(name_width, text_columns(grid->variant(grid->context, v).text));
    name_width = smaller(name_width, GRID_NAME_MAX);
    for (unsigned first = 0, fit; first < grid->items_max; first += fit) {
        fit = how_many_fit(page, grid, name_width, first, grid->items_max, item_width);
        if (first > 0)
            page_end(page);
        print_below(page, grid, name_width, first, first + fit);
    }
}

void grid_print(struct page *page, const struct grid *grid)
{
    if (page->sink != NULL)
        page->sink->grid(page, grid);
    else if (grid->variants_max <= GRID_ACROSS_MAX)
        variants_across(page, grid);
    else
        variants_below(page, grid);
}
