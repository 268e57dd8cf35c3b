/* page.h — A terminal's page: columns, colours, wrapping; text that cannot misbehave.
 *
 * Text comes from scenario files, so nothing of it reaches the terminal but printable characters:
 * controls, escapes, direction overrides and broken UTF-8 are shown as "?". Widths are counted in
 * columns, not bytes. No line is ever wider than the page, and none ends in spaces. */
#ifndef SIM_REPORT_PAGE_H
#define SIM_REPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum color { COLOR_PLAIN, COLOR_STRONG, COLOR_DIM, COLOR_GOOD, COLOR_BAD, COLOR_WARN };

struct grid;
struct page;

/* Where lines go that no terminal shows: html_lines.c has one. */
struct page_sink {
    void (*put)(struct page *page, enum color color, const char *text, size_t bytes);
    void (*end)(struct page *page); /* Of a line, perhaps an empty one. */
    void (*grid)(struct page *page, const struct grid *grid);
};

struct page {
    FILE *out; /* Borrowed. */
    unsigned columns;
    bool use_color;
    unsigned at;                  /* Column of the next character, 0 … columns. */
    unsigned blank;               /* Spaces owed: written when something follows them. */
    const struct page_sink *sink; /* NULL: a terminal. */
    void *context;                /* The sink's own. */
};

enum { PAGE_COLUMNS_MIN = 40, PAGE_COLUMNS_DEFAULT = 100 };

void page_init(struct page *page, FILE *out, unsigned columns, bool use_color);

/* A page that is as wide as its lines, which the sink gets in pieces: spaces between them are in
 * page->blank, and the sink's to forget. */
void page_init_sink(struct page *page, const struct page_sink *sink, void *context);

/* Continues the line; what does not fit is cut, and "…" says so. */
void page_put(struct page *page, enum color color, const char *text);

/* The same for what is to be pasted: a line may become wider than the page. */
void page_put_whole(struct page *page, enum color color, const char *text, size_t bytes);

/* Continues the line, breaking at spaces; further lines begin at column `indent`. */
void page_wrap(struct page *page, enum color color, unsigned indent, const char *text);

/* The same in at most `width` columns, padded to it: on the left, or on the right if is_right. */
void page_cell(struct page *page, enum color color, unsigned width, bool is_right,
               const char *text);

void page_move(struct page *page, unsigned column); /* On to the column, never back. */
void page_end(struct page *page);                   /* The line is over. */

unsigned text_columns(const char *text);
unsigned text_columns_within(const char *text, size_t bytes_max);

#endif
