/* station.h — One line and its servers through one phase: steady where it can be, fluid where not.
 *
 *   rho < 1 and nobody left over   the closed forms of queueing.h
 *   otherwise                      the backlog rises by rate - capacity and falls again, in a
 *                                  straight line, up to the places that there are; who comes waits
 *                                  backlog / capacity, and who finds no place is lost
 *
 * A phase is cut into slices of equal length, so that waits which grow have a distribution. Times
 * in seconds, rates per second. */
#ifndef SIM_THEORY_STATION_H
#define SIM_THEORY_STATION_H

#include <stdbool.h>

enum { STATION_SLICES = 16 };

struct station {
    /* What is asked. */
    double seconds;  /* Of the phase. */
    double rate;     /* All lines together. */
    double service;  /* Mean. */
    double ca2, cs2; /* Variability of arrivals at one line, and of service. */
    unsigned servers, lines;
    double room;         /* Places to wait in all lines; INFINITY: no limit. */
    double capacity;     /* 0: servers x lines / service. */
    double backlog;      /* At the begin. */
    bool chooses_of_two; /* One server per line, the shorter of two lines. */
    bool is_left;        /* Room is not what there is, but how many wait before the next leaves. */
    /* What comes of it. */
    double rho;
    double chance;         /* To wait at all, steady. */
    double wait;           /* Mean, steady; of all who are let in. */
    double shed;           /* Share of arrivals, over the phase. */
    double shed_when_full; /* Once the places are taken, or in steady state. */
    double growth;         /* Of the backlog, were there no limit; 0 where rho < 1. */
    double backlog_end;
    double drain; /* Seconds until the backlog is gone, if this rate went on. */
    double out;   /* Rate of those who are served. */
    double waits[STATION_SLICES], variances[STATION_SLICES], sheds[STATION_SLICES];
};

void station_work(struct station *station);

#endif
