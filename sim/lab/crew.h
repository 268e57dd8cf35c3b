/* crew.h — The nodes of a run: who is there, who comes, who goes, who is killed.
 *
 * The counterpart of sim/world's groups and nodes. Each service has places for as many replicas as
 * its autoscaler may want; a place has a port of its own for the whole run, a board with its
 * figures, and a process when it is up. The autoscaler is the service of that name on this
 * process's loop, with crew's fleet port: growth is started when the scenario's boot delay is
 * over and ready as soon as it says so, shrinking drains the youngest first. */
#ifndef SIM_LAB_CREW_H
#define SIM_LAB_CREW_H

#include "services/live/loop/loop.h"
#include "services/live/node/settings.h"
#include "services/live/node/stats_board.h"
#include "sim/lab/servers.h"

struct crew;

/* Boots everything the scenario has at its beginning and waits until all are ready. The loop's
 * origin is the run's. NULL: trouble says why. */
struct crew *crew_open(struct loop *loop, const struct scenario *scenario,
                       const struct lab_options *options, struct servers *servers,
                       struct message *trouble);
void crew_rest(struct crew *crew);  /* Drains and stops everybody; figures stay readable. */
void crew_close(struct crew *crew); /* The same, and the end of it. */

/* Where clients ask service `index`: its balancer, or its one replica. */
const struct address *crew_front(const struct crew *crew, uint32_t index);

/* The key that gateways of this algorithm share in this run; length 0: there is none. */
const struct token_settings *crew_tokens(const struct crew *crew, enum token_algorithm algorithm);

/* The run begins now: autoscalers start, faults are planned on the loop. */
void crew_begin(struct crew *crew);

uint32_t crew_ready(const struct crew *crew); /* Replicas that serve, all services. */

/* Figures of one station (a service, or its balancer) from the run's beginning: sums over all its
 * processes, those that have gone included. Take two and subtract. */
struct crew_figures {
    struct node_stats sum;  /* Counts and areas added up; levels' max is the highest. */
    uint64_t up_area;       /* Replicas that serve or drain x ns. */
    uint64_t capacity_area; /* Their cores x ns. */
    uint32_t replicas_max, queue_max;
    uint64_t longest_line, most_in_hand;        /* At one replica, now. */
    uint64_t busy_areas[SETTINGS_REPLICAS_MAX]; /* Of each replica: busy cores x ns. */
};
uint32_t crew_stations(const struct crew *crew);
const char *crew_station_name(const struct crew *crew, uint32_t station);
void crew_read(struct crew *crew, uint32_t station, struct crew_figures *figures);

/* Records behind, from the boards: ends that producers know less what consumers have committed. */
uint64_t crew_lag(struct crew *crew);

/* RabbitMQ: messages that living workers have been given and have not acknowledged. A board is up
 * to 100 ms old. */
uint64_t crew_in_hand(struct crew *crew);

uint32_t crew_deaths(const struct crew *crew); /* Processes that faults have killed. */
void crew_forget_sizes(struct crew *crew);     /* replicas_max is from now on. */
uint32_t crew_failpoint_deaths(const struct crew *crew);

/* A node died that nobody killed: its name and the end of its log; "" when all is well. */
const char *crew_casualty(const struct crew *crew);

/* Whether its tokens are signed, and how. */
bool settings_sign(const struct service_spec *spec);
enum token_algorithm settings_algorithm(const struct service_spec *spec);

/* What any node of a service is told, whoever starts it: its plan, its processor, its part of the
 * connections. Where everything is stays empty. */
void settings_of_node(struct node_settings *settings, const struct scenario *scenario,
                      const struct service_spec *spec, const struct plan *plan);

/* And which of them it is, with what goes by that. */
void settings_of_replica(struct node_settings *settings, const struct service_spec *spec,
                         uint32_t replica);

#endif
