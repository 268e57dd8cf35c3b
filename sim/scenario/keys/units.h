/* units.h — Amounts as people write them: 1m30s, 1.2k/s, 64MiB, 25%, 149.00 RUB.
 *
 * A unit is mandatory wherever an amount has a dimension. Amounts are read as decimal digits and
 * a power of ten, in whole numbers, so money and nanoseconds never pass through a double, and a
 * locale or an exponent cannot change them. */
#ifndef SIM_SCENARIO_UNITS_H
#define SIM_SCENARIO_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unit {
    UNIT_DURATION, /* Whole nanoseconds; units follow each other: 1m30s. */
    UNIT_RATE,     /* Per second. */
    UNIT_SIZE,     /* Whole bytes. */
    UNIT_SHARE,    /* 0 … 1, written in percent. */
    UNIT_DISTANCE, /* Whole metres. */
    UNIT_MONEY,    /* Whole hundredths of the currency. */
    UNIT_COUNT,    /* A whole number, with k, M or G. */
    UNIT_NUMBER    /* A plain decimal number. */
};

struct amount {
    int64_t whole; /* Durations, sizes, distances, money and counts; 0 for the others. */
    double real;   /* All of them. */
};

struct amount_kind {
    enum unit unit;
    const char *currency; /* Money: the only one that is right; NULL: any. */
    const char *like;     /* An amount of this kind, to propose its unit; NULL: the usual one. */
};

struct amount_slip { /* What is wrong, and what to write instead. */
    const char *en, *ru;
    char advice[80]; /* "" when nothing is near. */
};

/* False after a slip. */
bool amount_read(const char *text, const struct amount_kind *kind, struct amount *amount,
                 struct amount_slip *slip);

/* Three capital letters. */
bool is_currency(const char *text);

/* Where the unit begins in an amount such as "250us": for "250us" 3. */
size_t amount_unit_at(const char *text);

#endif
