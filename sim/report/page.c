/* page.c — One character at a time: decode, judge, count, write.
 *
 * The widths are those that matter here: marks that combine take no column, the wide scripts and
 * emoji take two, all else one. A full table (UAX #11) would be a hundred times the size of what
 * titles of scenarios need. */
#include "sim/report/page.h"

#include <stdint.h>
#include <string.h>

struct glyph {
    const char *bytes; /* In the text, or "?". */
    unsigned bytes_max;
    unsigned columns;
    unsigned skip; /* Bytes of the text that it stands for. */
};

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t code, const struct range *ranges, size_t ranges_max)
{
    for (size_t i = 0; i < ranges_max; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* What may move the cursor or reorder a line. */
static bool is_unruly(uint32_t code)
{
    static const struct range unruly[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x200b, 0x200f}, {0x2028, 0x202e},
        {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
    };

    return is_in(code, unruly, sizeof unruly / sizeof unruly[0]);
}

static unsigned columns_of(uint32_t code)
{
    static const struct range combining[] = {
        {0x0300, 0x036f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
    static const struct range wide[] = {{0x1100, 0x115f},  {0x2e80, 0x303e}, {0x3041, 0xa4cf},
                                        {0xac00, 0xd7a3},  {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
                                        {0xff00, 0xff60},  {0xffe0, 0xffe6}, {0x1f300, 0x1faff},
                                        {0x20000, 0x3fffd}};

    if (is_in(code, combining, sizeof combining / sizeof combining[0]))
        return 0;
    return is_in(code, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

/* The code point at text and its length; length 0: not UTF-8. */
static unsigned decode(const unsigned char *text, uint32_t *code)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned length = text[0] < 0x80   ? 1
                      : text[0] < 0xc2 ? 0
                      : text[0] < 0xe0 ? 2
                      : text[0] < 0xf0 ? 3
                      : text[0] < 0xf5 ? 4
                                       : 0;

    *code = length <= 1 ? text[0] : text[0] & (0x7fu >> length);
    for (unsigned i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3f);
    }
    if (length > 1 &&
        (*code < lowest[length] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff)))
        return 0;
    return length;
}

static struct glyph glyph_at(const char *text)
{
    uint32_t code = 0;
    unsigned length = decode((const unsigned char *)text, &code);

    if (length == 0)
        return (struct glyph){"?", 1, 1, 1};
    if (is_unruly(code))
        return (struct glyph){"?", 1, 1, length};
    return (struct glyph){text, length, columns_of(code), length};
}

/* Columns of the first bytes_max bytes. */
unsigned text_columns_within(const char *text, size_t bytes_max)
{
    unsigned columns = 0;

    for (size_t at = 0; at < bytes_max;) {
        struct glyph glyph = glyph_at(text + at);

        columns += glyph.columns;
        at += glyph.skip;
    }
    return columns;
}

unsigned text_columns(const char *text)
{
    return text_columns_within(text, strlen(text));
}

void page_init(struct page *page, FILE *out, unsigned columns, bool use_color)
{
    if (columns == 0)
        columns = PAGE_COLUMNS_DEFAULT;
    *page = (struct page){
        .out = out,
        .columns = columns < PAGE_COLUMNS_MIN ? PAGE_COLUMNS_MIN : columns,
        .use_color = use_color,
    };
}

void page_init_sink(struct page *page, const struct page_sink *sink, void *context)
{
    *page = (struct page){.columns = UINT32_MAX / 2, .sink = sink, .context = context};
}

void page_end(struct page *page)
{
    if (page->sink != NULL)
        page->sink->end(page);
    else
        fputc('\n', page->out);
    page->at = page->blank = 0;
}

void page_move(struct page *page, unsigned column)
{
    if (column > page->columns)
        column = page->columns;
    if (column > page->at) {
        page->blank += column - page->at;
        page->at = column;
    }
}

static void color_begin(const struct page *page, enum color color)
{
    static const char *const codes[] = {
        [COLOR_PLAIN] = "",        [COLOR_STRONG] = "\033[1m", [COLOR_DIM] = "\033[2m",
        [COLOR_GOOD] = "\033[32m", [COLOR_BAD] = "\033[31m",   [COLOR_WARN] = "\033[33m"};

    if (page->use_color)
        fputs(codes[color], page->out);
}

static void color_end(const struct page *page, enum color color)
{
    if (page->use_color && color != COLOR_PLAIN)
        fputs("\033[0m", page->out);
}

static void settle_blank(struct page *page)
{
    for (; page->blank > 0; page->blank--)
        fputc(' ', page->out);
}

/* Writes bytes_max bytes of text in at most `width` columns. */
static void put_within(struct page *page, enum color color, unsigned width, const char *text,
                       size_t bytes_max)
{
    bool is_cut = text_columns_within(text, bytes_max) > width;
    unsigned room = is_cut && width > 0 ? width - 1 : width;

    if (bytes_max == 0 || width == 0)
        return;
    if (page->sink != NULL) {
        page->sink->put(page, color, text, bytes_max);
        page->at += text_columns_within(text, bytes_max);
        return;
    }
    settle_blank(page);
    color_begin(page, color);
    for (size_t at = 0; at < bytes_max;) {
        struct glyph glyph = glyph_at(text + at);

        if (glyph.columns > room)
            break;
        fwrite(glyph.bytes, 1, glyph.bytes_max, page->out);
        room -= glyph.columns;
        page->at += glyph.columns;
        at += glyph.skip;
    }
    if (is_cut) {
        fputs("…", page->out);
        page->at++;
    }
    color_end(page, color);
}

void page_put(struct page *page, enum color color, const char *text)
{
    put_within(page, color, page->columns - page->at, text, strlen(text));
}

void page_put_whole(struct page *page, enum color color, const char *text, size_t bytes)
{
    put_within(page, color, UINT32_MAX, text, bytes);
}

void page_cell(struct page *page, enum color color, unsigned width, bool is_right, const char *text)
{
    unsigned start = page->at, columns = text_columns(text);

    if (width > page->columns - page->at)
        width = page->columns - page->at;
    if (is_right && columns < width)
        page_move(page, start + width - columns);
    put_within(page, color, width < columns ? width : columns, text, strlen(text));
    page_move(page, start + width);
}

void page_wrap(struct page *page, enum color color, unsigned indent, const char *text)
{
    while (*text != 0) {
        size_t bytes = strcspn(text, " ");
        unsigned columns = text_columns_within(text, bytes);

        if (page->at + columns > page->columns && page->at > indent) {
            page_end(page);
            page_move(page, indent);
        }
        put_within(page, color, page->columns - page->at, text, bytes);
        text += bytes;
        for (; *text == ' '; text++)
            page_move(page, page->at + 1);
    }
}
