/* histogram.c — Adding histograms, and reading quantiles off them.
 *
 * Both walk all 4,992 buckets, some microseconds; they run when a report is made, not per request.
 * No interpolation inside a bucket: the middle is within 1/256 of any value in it, and a straight
 * line through a bucket would promise more than the counts know. */
#include "services/base/histogram.h"

void histogram_add(struct histogram *to, const struct histogram *from)
{
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        to->counts[i] += from->counts[i];
    to->total += from->total;
    to->sum_ns += from->sum_ns;
    to->max_ns = from->max_ns > to->max_ns ? from->max_ns : to->max_ns;
}

uint64_t histogram_rank(uint64_t total, double q)
{
    double exact = q * (double)total;
    uint64_t rank = exact > 0 ? (uint64_t)exact : 0;

    if ((double)rank < exact)
        rank++;
    if (rank < 1)
        return 1;
    return rank < total ? rank : total;
}

uint64_t histogram_quantile_ns(const struct histogram *histogram, double q)
{
    uint64_t rank, seen = 0;
    uint32_t bucket = 0;

    if (histogram->total == 0)
        return 0;
    rank = histogram_rank(histogram->total, q);
    if (rank == histogram->total) /* The very last value is known exactly. */
        return histogram->max_ns;
    while ((seen += histogram->counts[bucket]) < rank)
        bucket++;
    uint64_t middle_ns = histogram_middle_ns(bucket);
    return middle_ns < histogram->max_ns ? middle_ns : histogram->max_ns;
}

double histogram_mean_ns(const struct histogram *histogram)
{
    return histogram->total == 0 ? 0 : (double)histogram->sum_ns / (double)histogram->total;
}
