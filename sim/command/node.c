/* node.c — sim node, sim prepare: the parts of a live run that somebody else starts.
 *
 * In docker compose each container is one node. `sim node FILE NAME` makes its settings from the
 * scenario, as the lab would, and becomes sim-node; `sim prepare FILE` makes the tables and topics
 * before; `sim run FILE --live --attach` asks afterwards. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/command/command.h"
#include "sim/command/live.h"
#include "sim/command/places.h"
#include "sim/lab/crew.h"
#include "sim/scenario/load_story.h"
#include "sim/setup/setup.h"

enum { PEERS_MAX = 32 };

struct node_options { /* Words are borrowed from argv. */
    const struct command *command;
    struct named_story named;
    const char *name, *variant;
    const char *peers[PEERS_MAX];
    unsigned peers_max;
    const char *listen, *front, *known_as, *replica;
    bool is_optional; /* No such service in this variant: nothing to do, and no error. */
    struct live_options live;
};

/* ---- Words ----------------------------------------------------------------------------------- */

struct word_row {
    const char *name;
    size_t offset; /* Of the text in struct node_options. */
};

#define TEXT(member) offsetof(struct node_options, member)

static const struct word_row rows[] = {
    {"--variant", TEXT(variant)},  {"--listen", TEXT(listen)},
    {"--front", TEXT(front)},      {"--known-as", TEXT(known_as)},
    {"--replica", TEXT(replica)},  {"--redis", TEXT(live.redis)},
    {"--kafka", TEXT(live.kafka)}, {"--db", TEXT(live.db)},
    {"--run", TEXT(live.run)},     {"--rabbitmq", TEXT(live.rabbitmq)},
};

static bool take_list(const char *word, const char *value, struct node_options *options)
{
    if (strcmp(word, "--set") == 0)
        return places_override(&options->named, value);
    if (strcmp(word, "--peer") != 0 || options->peers_max == PEERS_MAX)
        return false;
    options->peers[options->peers_max++] = value;
    return true;
}

static bool take_word(struct node_options *options, const char *word, const char *value)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, word) == 0) {
            *(const char **)((char *)options + rows[i].offset) = value;
            return true;
        }
    return take_list(word, value, options);
}

static int read_words(struct node_options *options, int argc, char **argv,
                      struct settings *settings)
{
    for (int i = 1; i < argc; i++) {
        if (settings_take_lang(settings, argc, argv, &i))
            continue;
        if (strcmp(argv[i], "--allow-remote") == 0)
            options->live.allow_remote = true;
        else if (strcmp(argv[i], "--burn") == 0)
            options->live.burn = true;
        else if (strcmp(argv[i], "--if-any") == 0)
            options->is_optional = true;
        else if (argv[i][0] == '-' && i + 1 < argc && take_word(options, argv[i], argv[i + 1]))
            i++;
        else if (argv[i][0] == '-')
            return command_misused(options->command, settings, "no such option, or no value",
                                   "нет такого ключа или нет значения", argv[i]);
        else if (options->named.file == NULL)
            options->named.file = argv[i];
        else if (options->name == NULL)
            options->name = argv[i];
        else
            return command_misused(options->command, settings, "one word too many", "лишнее слово",
                                   argv[i]);
    }
    if (options->named.file == NULL)
        return command_misused(options->command, settings, "which scenario?", "какой сценарий?",
                               "");
    return EXIT_AS_EXPECTED;
}

/* ---- The scenario ---------------------------------------------------------------------------- */

static const struct scenario *find_variant(const struct story *story, const char *name)
{
    for (uint32_t i = 0; i < story->variants_max; i++)
        if (name == NULL || strcmp(story->variants[i].variant, name) == 0)
            return &story->variants[i];
    return NULL;
}

static int with_scenario(const struct node_options *options, const struct settings *settings,
                         int (*act)(const struct node_options *, const struct scenario *,
                                    const struct settings *))
{
    const struct scenario *scenario;
    struct story story;
    int code = places_load(&story, &options->named, NULL, settings);

    if (code != EXIT_AS_EXPECTED)
        return code;
    scenario = find_variant(&story, options->variant);
    code = scenario == NULL ? command_misused(options->command, settings, "no such variant",
                                              "нет такого варианта", options->variant)
                            : act(options, scenario, settings);
    story_close(&story);
    return code;
}

/* run: room for its name. */
static struct lab_options lab_options_of(const struct node_options *options,
                                         const struct scenario *scenario,
                                         const struct settings *settings,
                                         char run[static LIVE_RUN_MAX])
{
    return (struct lab_options){.lang = settings->lang,
                                .servers = live_servers(&options->live),
                                .run = live_run_name(run, &options->live, scenario)};
}

/* ---- sim node -------------------------------------------------------------------------------- */

static bool find_named(const struct scenario *scenario, const char *name, size_t length,
                       uint32_t *index)
{
    for (*index = 0; *index < scenario->services_max; ++*index)
        if (strlen(scenario->services[*index].name) == length &&
            strncmp(scenario->services[*index].name, name, length) == 0)
            return true;
    return false;
}

/* "delivery", or "delivery/balancer": the service's place, and which of the two is meant. In a
 * scenario of one front "balancer" alone says enough. */
static bool find_service(const struct scenario *scenario, const char *name, uint32_t *index,
                         bool *is_balancer)
{
    size_t length = strcspn(name, "/");

    *is_balancer = strcmp(name + length, "/balancer") == 0;
    if (find_named(scenario, name, length, index))
        return name[length] == '\0' || *is_balancer;
    *is_balancer = strcmp(name, "balancer") == 0;
    for (*index = 0; *is_balancer && *index < scenario->services_max; ++*index)
        if (setup_has_balancer(scenario, &scenario->services[*index]))
            return true;
    return false;
}

/* A container does not know which of its kind it is; its address tells them apart. Those of one
 * network follow each other, so that their last ten bits differ. On one machine, processes do. */
static uint32_t replica_of(const char *replica, const struct address *own)
{
    unsigned bytes[4];

    if (replica != NULL && strcmp(replica, "auto") != 0)
        return (uint32_t)strtoul(replica, NULL, 10) % SETTINGS_REPLICAS_MAX;
    if (address_is_loopback(own) ||
        sscanf(own->host, "%u.%u.%u.%u", &bytes[0], &bytes[1], &bytes[2], &bytes[3]) != 4)
        return (uint32_t)getpid() % SETTINGS_REPLICAS_MAX;
    return (bytes[2] * 256 + bytes[3]) % SETTINGS_REPLICAS_MAX;
}

static bool set_addresses(struct node_settings *node, const struct node_options *options,
                          const struct scenario *scenario, const char **wrong)
{
    const char *listen = options->listen != NULL ? options->listen : "127.0.0.1:8080";

    *wrong = listen;
    if (!address_read(&node->listen, listen))
        return false;
    *wrong = options->front;
    if (options->front != NULL && !address_read(&node->front, options->front))
        return false;
    *wrong = options->known_as;
    if (options->known_as != NULL && !address_read(&node->known_as, options->known_as))
        return false;
    for (unsigned i = 0; i < options->peers_max; i++) {
        const char *at = strchr(options->peers[i], '=');
        uint32_t index;
        bool is_balancer;
        char name[64];

        *wrong = options->peers[i];
        if (at == NULL)
            return false;
        snprintf(name, sizeof name, "%.*s", (int)(at - options->peers[i]), options->peers[i]);
        if (!find_service(scenario, name, &index, &is_balancer) ||
            !address_read(&node->peers[index], at + 1))
            return false;
    }
    return true;
}

static void set_servers(struct node_settings *node, const struct servers *servers,
                        struct servers_wanted wanted)
{
    uint32_t connections = node->table.connections;

    if (wanted.store)
        node->store = servers->store;
    if (wanted.queue)
        node->queue = servers->queue;
    if (wanted.table)
        node->table = servers->table;
    node->table.connections = connections;
}

/* The program reads its settings from a file that has no name. */
static int become(const char *kind, const struct node_settings *node,
                  const struct settings *settings)
{
    char program[PATH_MAX];
    FILE *file = tmpfile();

    if (!servers_find_program("sim-node", program, sizeof program)) {
        fprintf(stderr, "sim node: %s\n",
                settings_say(settings, "sim-node is neither beside sim nor on the PATH",
                             "sim-node нет ни рядом с sim, ни в PATH"));
        return EXIT_RUNTIME;
    }
    if (file != NULL && settings_send(fileno(file), node) && fseek(file, 0, SEEK_SET) == 0 &&
        dup2(fileno(file), STDIN_FILENO) == STDIN_FILENO)
        execl(program, program, kind, (char *)NULL);
    fprintf(stderr, "sim node: %s: %s\n", program, strerror(errno));
    return EXIT_RUNTIME;
}

static int refuse(const struct node_options *options, const struct settings *settings)
{
    if (!options->is_optional || options->name == NULL)
        return command_misused(options->command, settings, "which service of the scenario?",
                               "какой сервис сценария?",
                               options->name == NULL ? "" : options->name);
    fprintf(stderr, "sim node: %s: %s\n", options->name,
            settings_say(settings, "not in this variant; nothing to do",
                         "в этом варианте его нет; делать нечего"));
    return EXIT_AS_EXPECTED;
}

/* In the lab the crew says who comes and who has died; here nobody does. */
static void look_after_itself(struct balancer_config *balancer)
{
    balancer->backends_max = SETTINGS_REPLICAS_MAX;
    if (balancer->health_every_ns > 0)
        return;
    balancer->health_every_ns = 500000000;
    balancer->health_timeout_ns = 1000000000;
    balancer->health_fall = 2;
    balancer->health_rise = 1;
}

/* The node of the service at index, but for its addresses. */
static void describe(struct node_settings *node, const struct scenario *scenario, uint32_t index,
                     bool is_balancer)
{
    const struct service_spec *service = &scenario->services[index];
    struct service_spec balancer = setup_balancer_spec(scenario, service);
    struct plan plan =
        is_balancer ? setup_balancer(&scenario->balancer, service) : setup_service(service);

    if (is_balancer)
        look_after_itself(&plan.balancer);
    settings_of_node(node, scenario, is_balancer ? &balancer : service, &plan);
    snprintf(node->name, sizeof node->name, "%s", is_balancer ? balancer.name : service->name);
}

static void set_run(struct node_settings *node, const struct servers *servers,
                    const struct service_spec *service, bool is_balancer)
{
    const char *token = getenv("SIM_TOKEN");

    snprintf(node->run, sizeof node->run, "%s", servers->run);
    snprintf(node->token, sizeof node->token, "%s", token == NULL ? "" : token);
    if (!is_balancer)
        set_servers(node, servers, servers_wanted_by(service));
    snprintf(node->queue.group, sizeof node->queue.group, "sim-%s-%s", servers->run, service->name);
}

/* False: its tokens are signed, and there is no key that other replicas would have too. */
static bool set_tokens(struct node_settings *node, const struct service_spec *service)
{
    return !settings_sign(service) ||
           (node->token[0] != '\0' &&
            token_settings_derive(&node->tokens, settings_algorithm(service), node->token));
}

/* False: nobody knows the balancer's host. */
static bool set_replica(struct node_settings *node, const struct service_spec *service,
                        const struct node_options *options)
{
    struct address own;
    size_t length = strlen(node->name);

    if (!servers_own_address(&node->listen, &node->front, &own))
        return false;
    if (node->known_as.host[0] == '\0')
        node->known_as = own;
    settings_of_replica(node, service, replica_of(options->replica, &own));
    snprintf(node->name + length, sizeof node->name - length, "/%u", node->replica);
    return true;
}

static int start_node(const struct node_options *options, const struct scenario *scenario,
                      const struct settings *settings)
{
    char run[LIVE_RUN_MAX];
    struct lab_options lab = lab_options_of(options, scenario, settings, run);
    struct message trouble = message_in(lab.lang);
    struct node_settings node;
    struct servers servers;
    const char *wrong = "";
    bool is_balancer;
    uint32_t index;

    if (options->name == NULL || !find_service(scenario, options->name, &index, &is_balancer))
        return refuse(options, settings);
    if (!servers_note(&servers, scenario, &lab, &trouble) ||
        !servers_can_outlive_a_run(&servers, &trouble)) {
        fprintf(stderr, "sim node: %s\n", trouble.text);
        return EXIT_USAGE;
    }
    describe(&node, scenario, index, is_balancer);
    set_run(&node, &servers, &scenario->services[index], is_balancer);
    if (!is_balancer && !set_tokens(&node, &scenario->services[index])) {
        fprintf(stderr, "sim node: %s\n",
                settings_say(settings,
                             "gateways started one by one share a key that follows from SIM_TOKEN: "
                             "set it, and sign with hs256 or eddsa",
                             "у шлюзов, запущенных по одному, ключ общий и следует из SIM_TOKEN: "
                             "задайте его и подписывайте hs256 или eddsa"));
        return EXIT_USAGE;
    }
    node.seed = scenario->seed;
    node.cpu.is_burnt = options->live.burn;
    if (!set_addresses(&node, options, scenario, &wrong))
        return command_misused(options->command, settings, "not HOST:PORT, or no such service",
                               "не ХОСТ:ПОРТ, или нет такого сервиса", wrong);
    if (!is_balancer && !set_replica(&node, &scenario->services[index], options)) {
        fprintf(stderr, "sim node: %s: %s\n", options->front,
                settings_say(settings, "nobody knows this host", "такой узел никому не известен"));
        return EXIT_DEPENDENCY;
    }
    return become(plan_kind_name(node.plan.kind), &node, settings);
}

static int run_node(int argc, char **argv, struct settings *settings)
{
    struct node_options options = {.command = &command_node};
    int code = read_words(&options, argc, argv, settings);

    return code == EXIT_AS_EXPECTED ? with_scenario(&options, settings, start_node) : code;
}

const struct command command_node = {
    .name = "node",
    .usage = "node FILE SERVICE[/balancer] [OPTIONS]",
    .summary = {"become one live node of a scenario (for docker compose)",
                "стать одним живым узлом сценария (для docker compose)"},
    .options =
        {"  --variant NAME         by default the first one\n"
         "  --set PATH=VALUE       override a key\n"
         "  --listen HOST:PORT     by default 127.0.0.1:8080\n"
         "  --front HOST:PORT      the balancer to register with\n"
         "  --known-as HOST:PORT   what to register; by default where the balancer reaches it\n"
         "  --replica N|auto       its number; auto: from its address\n"
         "  --peer SERVICE=HOST:PORT  where a service is that it asks (repeatable)\n"
         "  --if-any               exit 0 where the variant has no such service\n"
         "  --redis, --kafka, --rabbitmq, --db, --allow-remote, --run NAME, --burn\n"
         "  SIM_TOKEN              wanted where it listens beyond loopback\n"
         "\n"
         "  sim node spike.yaml delivery/balancer --listen 127.0.0.1:8080\n"
         "  sim node spike.yaml delivery --listen 127.0.0.1:8081 --front 127.0.0.1:8080 "
         "--db postgres://…\n",
         "  --variant ИМЯ          по умолчанию первый\n"
         "  --set ПУТЬ=ЗНАЧ        заменить ключ\n"
         "  --listen ХОСТ:ПОРТ     по умолчанию 127.0.0.1:8080\n"
         "  --front ХОСТ:ПОРТ      балансировщик, где встать на учёт\n"
         "  --known-as ХОСТ:ПОРТ   под каким адресом; по умолчанию где её видит балансировщик\n"
         "  --replica N|auto       номер; auto: по её адресу\n"
         "  --peer СЕРВИС=ХОСТ:ПОРТ  где сервис, который он спрашивает (можно ещё)\n"
         "  --if-any               выйти с 0, если в варианте нет такого сервиса\n"
         "  --redis, --kafka, --rabbitmq, --db, --allow-remote, --run ИМЯ, --burn\n"
         "  SIM_TOKEN              нужен там, где слушают не только свою машину\n"
         "\n"
         "  sim node spike.yaml delivery/balancer --listen 127.0.0.1:8080\n"
         "  sim node spike.yaml delivery --listen 127.0.0.1:8081 --front 127.0.0.1:8080 "
         "--db postgres://…\n"},
    .run = run_node,
};

/* ---- sim prepare ----------------------------------------------------------------------------- */

static int prepare(const struct node_options *options, const struct scenario *scenario,
                   const struct settings *settings)
{
    char run[LIVE_RUN_MAX];
    struct lab_options lab = lab_options_of(options, scenario, settings, run);
    struct servers servers;
    struct message trouble = message_in(lab.lang);
    enum lab_end end = LAB_TROUBLE;

    if (servers_note(&servers, scenario, &lab, &trouble))
        end = servers_prepare(&servers, scenario, &trouble);
    if (end == LAB_DONE)
        printf("%s: %s\n", settings_say(settings, "ready", "готово"), servers.versions);
    else
        fprintf(stderr, "sim prepare: %s\n", trouble.text);
    return end == LAB_DONE ? EXIT_AS_EXPECTED
                           : (end == LAB_DEPENDENCY ? EXIT_DEPENDENCY : EXIT_USAGE);
}

static int run_prepare(int argc, char **argv, struct settings *settings)
{
    struct node_options options = {.command = &command_prepare};
    int code = read_words(&options, argc, argv, settings);

    return code == EXIT_AS_EXPECTED ? with_scenario(&options, settings, prepare) : code;
}

const struct command command_prepare = {
    .name = "prepare",
    .usage = "prepare FILE --redis HOST:PORT --kafka HOST:PORT --db URL [--variant NAME] [--run "
             "NAME]",
    .summary = {"make the tables and topics of a run in servers of yours",
                "создать таблицы и топики прогона на ваших серверах"},
    .options = {"  sim prepare spike.yaml --redis 127.0.0.1:6379 --kafka 127.0.0.1:9092 --db "
                "postgres://127.0.0.1/sim\n",
                "  sim prepare spike.yaml --redis 127.0.0.1:6379 --kafka 127.0.0.1:9092 --db "
                "postgres://127.0.0.1/sim\n"},
    .run = run_prepare,
};
