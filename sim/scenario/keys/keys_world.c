/* keys_world.c — The keys of what stands around the services: balancer, network, store, queue,
 * table, faults. Defaults describe one data centre and ordinary machines; those that were
 * measured or published say where. */
#include "sim/scenario/bind/finish.h"
#include "sim/scenario/bind/idle.h"
#include "sim/scenario/keys/keys.h"

static const struct word policies[] = {
    {"none", POLICY_NONE, "No balancer: the one replica is asked directly.",
     "Без балансировщика: единственную реплику спрашивают напрямую."},
    {"round_robin", POLICY_ROUND_ROBIN, "One after the other.", "По очереди."},
    {"weighted", POLICY_WEIGHTED, "By turns, in proportion to cores and speed.",
     "По очереди, соразмерно ядрам и скорости."},
    {"random", POLICY_RANDOM, "By chance.", "Наугад."},
    {"least_connections", POLICY_LEAST_CONNECTIONS, "The one with the fewest open requests.",
     "Та, у которой меньше всего открытых запросов."},
    {"two_choices", POLICY_TWO_CHOICES, "The better of two drawn by chance.",
     "Лучшая из двух выбранных наугад."},
    {"peak_ewma", POLICY_PEAK_EWMA, "The lowest recent latency times open requests.",
     "Наименьшая недавняя задержка, умноженная на открытые запросы."},
    {"consistent_hash", POLICY_CONSISTENT_HASH, "By key, with bounded loads.",
     "По ключу, с ограничением нагрузки."},
    {0},
};
/* Health checks: HAProxy's fall 3, rise 2. bound: Mirrokni, Thorup and Zadimoghaddam 2018 (Google
 * and HAProxy use 1.25). ewma: Finagle's decay of 10 s. work: a proxy at 30 k requests per second
 * and core (HAProxy 2.6, nbthread 1, measured). */
static const struct key health_keys[] = {
    {"every", KEY_DURATION, KEY_AT(struct balancer_spec, health_every_ns), .fallback = "0s",
     .least = "0s", .most = "1h", .en = "Time between checks of a replica; 0s: none.",
     .ru = "Время между проверками реплики; 0s — без проверок."},
    {"timeout", KEY_DURATION, KEY_AT(struct balancer_spec, health_timeout_ns), .fallback = "1s",
     .least = "1ms", .most = "1h", .en = "For one check.", .ru = "На одну проверку."},
    {"fall", KEY_COUNT, KEY_AT(struct balancer_spec, health_fall), .fallback = "3", .least = "1",
     .most = "100", .en = "Failures in a row that take a replica out.",
     .ru = "Неудач подряд, после которых реплику выводят."},
    {"rise", KEY_COUNT, KEY_AT(struct balancer_spec, health_rise), .fallback = "2", .least = "1",
     .most = "100", .en = "Successes in a row that bring it back.",
     .ru = "Удач подряд, после которых она возвращается."},
};
static const struct group health_group = {"health", KEYS_OF(health_keys), .brief = "every"};

/* for: Envoy's base_ejection_time. share: Envoy says 10 %, which is one of the few replicas that
 * most scenarios have. hedge.share: Dean and Barroso, "The Tail at Scale", CACM 2013. */
static const struct key outlier_keys[] = {
    {"failures", KEY_COUNT, KEY_AT(struct balancer_spec, outlier_failures), .fallback = "0",
     .least = "0", .most = "1000",
     .en = "Failed answers in a row that eject a replica; 0: never. Shedding is no failure.",
     .ru = "Отказов подряд, после которых реплику исключают; 0 — никогда. Отброшенный запрос — не "
           "отказ."},
    {"for", KEY_DURATION, KEY_AT(struct balancer_spec, outlier_for_ns), .fallback = "30s",
     .least = "1ms", .most = "1h", .en = "How long, times its ejections so far, up to ten.",
     .ru = "На сколько; умножается на число её исключений, до десяти."},
    {"share", KEY_SHARE, KEY_AT(struct balancer_spec, outlier_share), .fallback = "50%",
     .least = "0%", .most = "100%",
     .en = "Of the replicas at most; one may always go, the last never.",
     .ru = "Доля реплик, не больше; одну можно всегда, последнюю — никогда."},
};
static const struct group outlier_group = {"outlier", KEYS_OF(outlier_keys), .brief = "failures"};

static const struct key hedge_keys[] = {
    {"after", KEY_DURATION, KEY_AT(struct balancer_spec, hedge_after_ns), .fallback = "0s",
     .least = "0s", .most = "1h",
     .en = "An unanswered menu, track or count goes to a second replica after it; 0s: never.",
     .ru = "Через сколько menu, track, count без ответа идут ко второй реплике; 0s — никогда."},
    {"share", KEY_SHARE, KEY_AT(struct balancer_spec, hedge_share), .fallback = "5%", .least = "0%",
     .most = "100%", .en = "Share of such requests that is sent twice, at most.",
     .ru = "Доля таких запросов, не больше."},
};
static const struct group hedge_group = {"hedge", KEYS_OF(hedge_keys), .brief = "after"};

/* The numbers of Hystrix (errorThresholdPercentage 50, requestVolumeThreshold 20, rolling window
 * 10 s, sleepWindow 5 s), save that there is no breaker until it is asked for. */
static const struct key breaker_keys[] = {
    {"failures", KEY_SHARE, KEY_AT(struct balancer_spec, breaker_share), .fallback = "0%",
     .least = "0%", .most = "100%",
     .en = "Share of a window's calls that fail, which opens it; 0%: no breaker. A shed is none.",
     .ru = "Доля неудач среди вызовов окна, которая размыкает; 0% — без него. Отброшенные не в "
           "счёт."},
    {"calls", KEY_COUNT, KEY_AT(struct balancer_spec, breaker_calls), .fallback = "20",
     .least = "1", .most = "1M", .en = "Calls in a window before it may open.",
     .ru = "Сколько вызовов нужно в окне, чтобы он мог разомкнуться."},
    {"window", KEY_DURATION, KEY_AT(struct balancer_spec, breaker_window_ns), .fallback = "10s",
     .least = "1ms", .most = "1h", .en = "How long calls are counted together.",
     .ru = "За какое время вызовы считают вместе."},
    {"open", KEY_DURATION, KEY_AT(struct balancer_spec, breaker_open_ns), .fallback = "5s",
     .least = "1ms", .most = "1h", .en = "How long nobody is let through before one call is tried.",
     .ru = "Сколько никого не пускать, прежде чем попробовать один вызов."},
};
static const struct group breaker_group = {"breaker", KEYS_OF(breaker_keys), .brief = "failures"};

static const struct key limit_keys[] = {
    {"rate", KEY_RATE, KEY_AT(struct balancer_spec, limit_rate), .fallback = "0/s", .least = "0/s",
     .most = "10M/s", .en = "Requests per second; more are shed at once. 0/s: no limit.",
     .ru = "Запросов в секунду; лишние отбрасываются сразу. 0/s — без предела."},
    {"burst", KEY_COUNT, KEY_AT(struct balancer_spec, limit_burst), .fallback = "100", .least = "1",
     .most = "10M", .en = "Tokens saved up while fewer come.",
     .ru = "Сколько токенов копится, пока приходит меньше."},
};
static const struct group limit_group = {"limit", KEYS_OF(limit_keys), .brief = "rate"};

static const struct key balancer_keys[] = {
    {"policy", KEY_WORD, KEY_AT(struct balancer_spec, policy), .words = policies,
     .en = "Who gets the next request; by default none for single replicas, else round_robin.",
     .ru = "Кому следующий запрос; по умолчанию none, если реплика одна, иначе round_robin."},
    {"timeout", KEY_DURATION, KEY_AT(struct balancer_spec, timeout_ns), .fallback = "1s",
     .least = "1ms", .most = "1h", .en = "For one try at one replica.",
     .ru = "На одну попытку у одной реплики."},
    {"attempts", KEY_COUNT, KEY_AT(struct balancer_spec, attempts), .fallback = "1", .least = "1",
     .most = "10", .en = "Tries at different replicas, where asking twice is safe.",
     .ru = "Попыток у разных реплик, если повторный вопрос безопасен."},
    {"health", KEY_GROUP, .group = &health_group, .en = "Active health checks.",
     .ru = "Активные проверки здоровья."},
    {"slow_start", KEY_DURATION, KEY_AT(struct balancer_spec, slow_start_ns), .fallback = "0s",
     .least = "0s", .most = "1h",
     .en = "A replica that comes gets its share by and by, from 10 %; 0s: at once.",
     .ru = "Новая реплика получает свою долю постепенно, начиная с 10 %; 0s — сразу."},
    {"outlier", KEY_GROUP, .group = &outlier_group, .en = "Leaving out who fails in a row.",
     .ru = "Исключение тех, кто отказывает подряд."},
    {"hedge", KEY_GROUP, .group = &hedge_group, .en = "A second question when the first is slow.",
     .ru = "Второй запрос, когда первый медлит."},
    {"limit", KEY_GROUP, .group = &limit_group, .en = "A token bucket before the service.",
     .ru = "Ведро токенов (token bucket) перед сервисом."},
    {"breaker", KEY_GROUP, .group = &breaker_group,
     .en = "A circuit breaker: while most calls fail, nobody is let through.",
     .ru = "Предохранитель: пока большинство вызовов не удаётся, никого не пускают."},
    {"bound", KEY_NUMBER, KEY_AT(struct balancer_spec, bound), .fallback = "1.25", .least = "1",
     .most = "100", .en = "consistent_hash: load of one over the mean, at most.",
     .ru = "consistent_hash: нагрузка одной реплики к средней, не больше."},
    {"ewma", KEY_DURATION, KEY_AT(struct balancer_spec, ewma_ns), .fallback = "10s", .least = "1ms",
     .most = "1h", .en = "peak_ewma: how slowly the past fades.",
     .ru = "peak_ewma: как медленно забывается прошлое."},
    {"work", KEY_DURATION, KEY_AT(struct balancer_spec, work_ns), .fallback = "30us", .least = "0s",
     .most = "1s", .en = "Its own processor time per request.",
     .ru = "Его собственное процессорное время на запрос."},
    {"cores", KEY_COUNT, KEY_AT(struct balancer_spec, cores), .fallback = "2", .least = "1",
     .most = "256", .en = "Cores of the balancer.", .ru = "Ядер у балансировщика."},
};
const struct group balancer_group = {"balancer", KEYS_OF(balancer_keys), .brief = "policy",
                                     .finish = finish_balancer};

/* 500 us for a round trip within a data centre: Dean, "Numbers everyone should know".
 * handshake: SYN and SYN-ACK (RFC 9293, 3.5); the third message takes the request along. */
static const struct key network_keys[] = {
    {"latency", KEY_DURATION, KEY_AT(struct network_spec, way.latency_ns), .fallback = "250us",
     .least = "0s", .most = "10s", .en = "One way.", .ru = "В одну сторону."},
    {"jitter", KEY_DURATION, KEY_AT(struct network_spec, way.jitter_ns), .fallback = "0s",
     .least = "0s", .most = "10s", .en = "Mean of an exponential addition to it.",
     .ru = "Среднее экспоненциальной добавки."},
    {"per_kib", KEY_DURATION, KEY_AT(struct network_spec, kib_ns), .fallback = "0s", .least = "0s",
     .most = "1s", .en = "And per KiB of a body: 0.8us at 10 Gbit/s.",
     .ru = "И на каждый КиБ тела: 0,8 мкс при 10 Гбит/с."},
    {"handshake", KEY_DURATION, KEY_AT(struct network_spec, handshake_ns), .least = "0s",
     .most = "10s",
     .en = "Opening a connection; by default a round trip. Processes open one per request.",
     .ru = "Новое соединение; по умолчанию круг туда и обратно. Процессы открывают его на запрос."},
    {"loss", KEY_SHARE, KEY_AT(struct network_spec, loss), .fallback = "0%", .least = "0%",
     .most = "100%", .en = "Messages that never arrive.", .ru = "Сообщения, которые пропадают."},
};
const struct group network_group = {"network", KEYS_OF(network_keys), .finish = finish_network};

static const struct word evictions[] = {
    {"none", EVICTION_NONE, "Writes fail when it is full.", "Когда полно, запись не удаётся."},
    {"lru", EVICTION_LRU, "The least recently used goes.", "Уходит давно не нужное."},
    {"lfu", EVICTION_LFU, "The least frequently used goes.", "Уходит редко нужное."},
    {0},
};
static const struct word store_kinds[] = {
    {"redis", STORE_REDIS, "One thread, scripts, persistence.",
     "Один поток, скрипты, сохранение на диск."},
    {"memcached", STORE_MEMCACHED,
     "Several threads, slabs; no scripts, no persistence: counters and blobs.",
     "Несколько потоков, слэбы; ни скриптов, ни диска: счётчики и блобы."},
    {0},
};
static const struct key memcached_keys[] = {
    {"latency", KEY_DURATION, KEY_AT(struct store_spec, memcached_way.latency_ns), .least = "0s",
     .most = "10s", .en = "One way to it, in the place of store.latency.",
     .ru = "До него в одну сторону, вместо store.latency."},
    {"jitter", KEY_DURATION, KEY_AT(struct store_spec, memcached_way.jitter_ns), .least = "0s",
     .most = "10s", .en = "In the place of store.jitter.", .ru = "Вместо store.jitter."},
    {"command", KEY_DURATION, KEY_AT(struct store_spec, memcached_command_ns), .least = "0s",
     .most = "10s", .en = "Per command, in the place of store.command.",
     .ru = "На одну команду, вместо store.command."},
    {"per_kib", KEY_DURATION, KEY_AT(struct store_spec, memcached_kib_ns), .least = "0s",
     .most = "1s", .en = "Per KiB of value, in the place of store.per_kib.",
     .ru = "На КиБ значения, вместо store.per_kib."},
};
static const struct group memcached_group = {"memcached", KEYS_OF(memcached_keys)};

/* 10 us a command, 50 us one way: Redis 7 over TCP, one client, 104 us a round trip (measured).
 * memcached 1.6: -t 4, -m 64, -I 1m, -f 1.25 (memcached -h). */
static const struct key store_keys[] = {
    {"kind", KEY_WORD, KEY_AT(struct store_spec, kind), .words = store_kinds, .fallback = "redis",
     .en = "Which store it is.", .ru = "Какое это хранилище."},
    {"latency", KEY_DURATION, KEY_AT(struct store_spec, way.latency_ns), .fallback = "50us",
     .least = "0s", .most = "10s", .en = "One way to it.", .ru = "До него в одну сторону."},
    {"jitter", KEY_DURATION, KEY_AT(struct store_spec, way.jitter_ns), .fallback = "0s",
     .least = "0s", .most = "10s", .en = "Mean of an exponential addition to it.",
     .ru = "Среднее экспоненциальной добавки."},
    {"command", KEY_DURATION, KEY_AT(struct store_spec, command_ns), .fallback = "10us",
     .least = "0s", .most = "10s", .en = "One thread's time, per command.",
     .ru = "Время одного потока на одну команду."},
    {"per_kib", KEY_DURATION, KEY_AT(struct store_spec, kib_ns), .fallback = "1us", .least = "0s",
     .most = "1s", .en = "And per KiB of value.", .ru = "И на каждый КиБ значения."},
    {"memory", KEY_SIZE, KEY_AT(struct store_spec, memory), .fallback = "0B", .least = "0B",
     .most = "1TiB", .en = "maxmemory; 0B: no limit. memcached always has one: by default 64MiB.",
     .ru = "maxmemory; 0B — без предела. У memcached он есть всегда: по умолчанию 64MiB."},
    {"eviction", KEY_WORD, KEY_AT(struct store_spec, eviction), .words = evictions,
     .fallback = "none", .en = "What goes when the memory is full; memcached: by default lru.",
     .ru = "Что уходит, когда память кончилась; у memcached по умолчанию lru."},
    {"persistent", KEY_BOOL, KEY_AT(struct store_spec, is_persistent), .fallback = "no",
     .en = "What was answered survives a crash (AOF).",
     .ru = "Отвеченное переживает падение (AOF)."},
    {"threads", KEY_COUNT, KEY_AT(struct store_spec, threads), .fallback = "4", .least = "1",
     .most = "16", .en = "memcached: threads that serve commands; each has its own connections.",
     .ru = "memcached: потоки, выполняющие команды; у каждого свои соединения."},
    {"item_max", KEY_SIZE, KEY_AT(struct store_spec, item_max), .fallback = "1MiB", .least = "1KiB",
     .most = "32MiB", .en = "memcached: the largest item; a larger set fails.",
     .ru = "memcached: самый большой элемент; больший записать нельзя."},
    {"growth", KEY_NUMBER, KEY_AT(struct store_spec, growth), .fallback = "1.25", .least = "1.05",
     .most = "16", .en = "memcached: how much larger the chunks of each next slab class are.",
     .ru = "memcached: во сколько раз крупнее чанки каждого следующего класса слэбов."},
    {"memcached", KEY_GROUP, .group = &memcached_group,
     .en = "Where kind is memcached: what it takes, if not as long as Redis.",
     .ru = "При kind: memcached — сколько занимает вызов, если не столько же, сколько у Redis."},
};
const struct group store_group = {"store", KEYS_OF(store_keys), .finish = finish_store};

static const struct word queue_acks[] = {
    {"none", ACKS_NONE, "The producer does not wait.", "Отправитель не ждёт."},
    {"leader", ACKS_LEADER, "The leader has it.", "Записал ведущий брокер."},
    {"all", ACKS_ALL, "Every replica in sync has it.", "Записали все реплики в строю."},
    {0},
};
static const struct word queue_servers[] = {
    {"kafka", QUEUE_KAFKA, "A log: partitions, offsets, replay.",
     "Журнал: партиции, смещения, повторное чтение."},
    {"rabbitmq", QUEUE_RABBITMQ, "A queue: pushed to whoever has room, acknowledged, gone.",
     "Очередь: отдаётся тому, у кого есть место, подтверждается и исчезает."},
    {0},
};
static const struct key rabbitmq_keys[] = {
    {"latency", KEY_DURATION, KEY_AT(struct queue_spec, rabbitmq.way.latency_ns), .least = "0s",
     .most = "10s", .en = "One way to it, in the place of queue.latency.",
     .ru = "До него в одну сторону, вместо queue.latency."},
    {"jitter", KEY_DURATION, KEY_AT(struct queue_spec, rabbitmq.way.jitter_ns), .least = "0s",
     .most = "10s", .en = "In the place of queue.jitter.", .ru = "Вместо queue.jitter."},
    {"replicate", KEY_DURATION, KEY_AT(struct queue_spec, rabbitmq.replicate_ns), .least = "0s",
     .most = "10s", .en = "In the place of queue.replicate.", .ru = "Вместо queue.replicate."},
    {"message", KEY_DURATION, KEY_AT(struct queue_spec, rabbitmq.message_ns), .least = "0s",
     .most = "1s", .en = "In the place of queue.message.", .ru = "Вместо queue.message."},
    {"flush", KEY_DURATION, KEY_AT(struct queue_spec, rabbitmq.flush_ns), .least = "0s",
     .most = "10s", .en = "In the place of queue.flush.", .ru = "Вместо queue.flush."},
};
static const struct group rabbitmq_group = {"rabbitmq", KEYS_OF(rabbitmq_keys)};

/* session: Kafka's session.timeout.ms of 45 s (KIP-735). linger: Kafka 4 waits 5 ms (KIP-1030).
 * prefetch: 100 to 300 "usually offer optimal throughput" (RabbitMQ, "Consumer Acknowledgements and
 * Publisher Confirms"). memory: by default a node stops publishers at 40 % of the machine's memory
 * (RabbitMQ 3.13, "Memory Alarm Threshold"), here of 4 GiB. message and flush: a round figure for a
 * queue that takes, hands out and forgets some 30 000 messages a second, and for a disk. */
static const struct key queue_keys[] = {
    {"kind", KEY_WORD, KEY_AT(struct queue_spec, kind), .words = queue_servers, .fallback = "kafka",
     .en = "Which server it is.", .ru = "Какой это сервер."},
    {"latency", KEY_DURATION, KEY_AT(struct queue_spec, way.latency_ns), .fallback = "250us",
     .least = "0s", .most = "10s", .en = "One way to the broker.",
     .ru = "До брокера в одну сторону."},
    {"jitter", KEY_DURATION, KEY_AT(struct queue_spec, way.jitter_ns), .fallback = "0s",
     .least = "0s", .most = "10s", .en = "Mean of an exponential addition to it.",
     .ru = "Среднее экспоненциальной добавки."},
    {"partitions", KEY_COUNT, KEY_AT(struct queue_spec, partitions), .fallback = "12", .least = "1",
     .most = "1024", .en = "Of each topic; no more workers than that help.",
     .ru = "Партиций в топике; больше работников не помогут."},
    {"linger", KEY_DURATION, KEY_AT(struct queue_spec, linger_ns), .fallback = "5ms", .least = "0s",
     .most = "10s", .en = "Producer: longest wait for a batch to fill.",
     .ru = "Отправитель: сколько ждать, пока пачка наберётся."},
    {"batch", KEY_COUNT, KEY_AT(struct queue_spec, batch), .fallback = "500", .least = "1",
     .most = "100k", .en = "Producer: records in a batch at most.",
     .ru = "Отправитель: записей в пачке, не больше."},
    {"acks", KEY_WORD, KEY_AT(struct queue_spec, acks), .words = queue_acks, .fallback = "all",
     .en = "When a record counts as written.", .ru = "Когда запись считается сделанной."},
    {"append", KEY_DURATION, KEY_AT(struct queue_spec, append_ns), .fallback = "200us",
     .least = "0s", .most = "10s", .en = "Broker's time per batch.",
     .ru = "Время брокера на пачку."},
    {"record", KEY_DURATION, KEY_AT(struct queue_spec, record_ns), .fallback = "1us", .least = "0s",
     .most = "1s", .en = "Broker's time per record.", .ru = "Время брокера на запись."},
    {"replicate", KEY_DURATION, KEY_AT(struct queue_spec, replicate_ns), .fallback = "1ms",
     .least = "0s", .most = "10s", .en = "acks: all: to the followers and back.",
     .ru = "acks: all: до ведомых и обратно."},
    {"session", KEY_DURATION, KEY_AT(struct queue_spec, session_ns), .fallback = "45s",
     .least = "100ms", .most = "1h", .en = "Silence after which a worker is thrown out.",
     .ru = "Молчание, после которого работника исключают."},
    {"rebalance", KEY_DURATION, KEY_AT(struct queue_spec, rebalance_ns), .fallback = "3s",
     .least = "0s", .most = "1h", .en = "How long the whole group then stands still.",
     .ru = "Сколько после этого стоит вся группа."},
    {"retention", KEY_COUNT, KEY_AT(struct queue_spec, retention), .fallback = "0", .least = "0",
     .most = "1G", .en = "Records kept per partition; 0: all.",
     .ru = "Сколько записей хранит партиция; 0 — все."},
    {"prefetch", KEY_COUNT, KEY_AT(struct queue_spec, prefetch), .fallback = "250", .least = "1",
     .most = "65535", .en = "rabbitmq: messages that one worker may have unacknowledged.",
     .ru = "rabbitmq: сколько сообщений работник держит без подтверждения."},
    {"message", KEY_DURATION, KEY_AT(struct queue_spec, message_ns), .fallback = "30us",
     .least = "0s", .most = "1s", .en = "rabbitmq: the queue's one process, per message.",
     .ru = "rabbitmq: единственный процесс очереди, на сообщение."},
    {"flush", KEY_DURATION, KEY_AT(struct queue_spec, flush_ns), .fallback = "1ms", .least = "0s",
     .most = "10s", .en = "rabbitmq: to disk, before it confirms; those that wait share it.",
     .ru = "rabbitmq: сброс на диск до подтверждения; ждущие его делят."},
    {"memory", KEY_SIZE, KEY_AT(struct queue_spec, memory), .fallback = "1600MiB", .least = "0B",
     .most = "1TiB", .en = "rabbitmq: messages beyond it stop the publishers; 0B: no limit.",
     .ru = "rabbitmq: если сообщений больше, отправителей останавливают; 0B — без предела."},
    {"single_active", KEY_BOOL, KEY_AT(struct queue_spec, single_active), .fallback = "no",
     .en = "rabbitmq: one worker at a time, the others stand by; keeps the order.",
     .ru = "rabbitmq: работает один, остальные в запасе; порядок сохраняется."},
    {"rabbitmq", KEY_GROUP, .group = &rabbitmq_group,
     .en = "Where kind is rabbitmq: what it takes, if not as long as Kafka.",
     .ru = "При kind: rabbitmq — сколько занимает вызов, если не столько же, сколько у Kafka."},
};
const struct group queue_group = {"queue", KEYS_OF(queue_keys), .finish = finish_queue};

/* scan_row: 38 to 45 ms for a scan of a million rows (SQLite 3.40, PostgreSQL 15, measured).
 * statement: 96 us for one indexed SELECT over libpq (measured). commit: one flush of a disk.
 * quantum: as of a service, since a connection is a process or a thread to the kernel. */
static const struct key table_keys[] = {
    {"latency", KEY_DURATION, KEY_AT(struct table_spec, way.latency_ns), .fallback = "250us",
     .least = "0s", .most = "10s", .en = "One way to the server.",
     .ru = "До сервера в одну сторону."},
    {"jitter", KEY_DURATION, KEY_AT(struct table_spec, way.jitter_ns), .fallback = "0s",
     .least = "0s", .most = "10s", .en = "Mean of an exponential addition to it.",
     .ru = "Среднее экспоненциальной добавки."},
    {"connections", KEY_COUNT, KEY_AT(struct table_spec, connections), .fallback = "20",
     .least = "1", .most = "10k", .en = "The pool; who finds none waits.",
     .ru = "Пул соединений; кому не хватило, тот ждёт."},
    {"cores", KEY_COUNT, KEY_AT(struct table_spec, cores), .fallback = "4", .least = "1",
     .most = "256", .en = "Cores of the server.", .ru = "Ядер у сервера."},
    {"quantum", KEY_DURATION, KEY_AT(struct table_spec, quantum_ns), .fallback = "4ms",
     .least = "10us", .most = "1s", .en = "One turn on a core; longer work waits in between.",
     .ru = "Квант времени на ядре; работа дольше ждёт в промежутках."},
    {"statement", KEY_DURATION, KEY_AT(struct table_spec, statement_ns), .fallback = "100us",
     .least = "0s", .most = "10s", .en = "Parse, plan, one index seek.",
     .ru = "Разбор, план, один поиск по индексу."},
    {"row", KEY_DURATION, KEY_AT(struct table_spec, row_ns), .fallback = "10us", .least = "0s",
     .most = "1s", .en = "Each row written, or walked through an index.",
     .ru = "Каждая строка, записанная или пройденная по индексу."},
    {"scan_row", KEY_DURATION, KEY_AT(struct table_spec, scan_row_ns), .fallback = "40ns",
     .least = "0s", .most = "1s", .en = "Each row that a scan looks at.",
     .ru = "Каждая строка, на которую смотрит полный просмотр."},
    {"commit", KEY_DURATION, KEY_AT(struct table_spec, commit_ns), .fallback = "2ms", .least = "0s",
     .most = "10s", .en = "One flush to disk.", .ru = "Один сброс на диск."},
    {"group_commit", KEY_BOOL, KEY_AT(struct table_spec, group_commit), .fallback = "yes",
     .en = "Transactions that wait for the disk share a flush.",
     .ru = "Транзакции, ждущие диска, делят один сброс."},
    {"writers", KEY_COUNT, KEY_AT(struct table_spec, writers), .fallback = "0", .least = "0",
     .most = "10k", .en = "Transactions that write at a time; 0: no limit. SQLite has 1.",
     .ru = "Сколько транзакций пишет разом; 0: без предела. У SQLite одна."},
    {"likes_rows", KEY_COUNT, KEY_AT(struct table_spec, likes_rows), .fallback = "0", .least = "0",
     .most = "100G", .en = "Likes that are there at the start.",
     .ru = "Сколько лайков лежит там вначале."},
};
const struct group table_group = {"table", KEYS_OF(table_keys)};

static const struct word fault_kinds[] = {
    {"crash", FAULT_CRASH, "It dies; what was in memory is gone.",
     "Падает; всё, что было в памяти, пропало."},
    {"pause", FAULT_PAUSE, "It stands still, and then goes on.", "Замирает, потом продолжает."},
    {"cut", FAULT_CUT, "It runs, but nobody reaches it.", "Работает, но до него не дойти."},
    {0},
};
static const struct key fault_keys[] = {
    {"at", KEY_DURATION, KEY_AT(struct fault_spec, at_ns), .fallback = "0s", .least = "0s",
     .most = "1h", .en = "When it begins.", .ru = "Когда начинается."},
    {"for", KEY_DURATION, KEY_AT(struct fault_spec, for_ns), .fallback = "0s", .least = "0s",
     .most = "1h", .en = "How long it lasts; 0s: to the end.",
     .ru = "Сколько длится; 0s — до конца."},
    {"kind", KEY_WORD, KEY_AT(struct fault_spec, kind), .words = fault_kinds, .fallback = "crash",
     .en = "What happens.", .ru = "Что происходит."},
    {"target", KEY_TARGET, KEY_AT(struct fault_spec, target),
     .en = "store, queue, table, balancer, a service (all replicas), or service/replica.",
     .ru = "store, queue, table, balancer, сервис (все реплики) или сервис/реплика."},
};
const struct group fault_group = {"fault", KEYS_OF(fault_keys), .size = sizeof(struct fault_spec)};

/* ---- Distributions ---- */

static const struct word dists[] = {
    {"constant", DIST_CONSTANT, "Always the mean.", "Всегда среднее."},
    {"exponential", DIST_EXPONENTIAL, "Without memory.", "Без памяти."},
    {"lognormal", DIST_LOGNORMAL, "Skewed as service times are; wants cv.",
     "Скошено, как время обслуживания; нужен cv."},
    {"erlang", DIST_ERLANG, "Steadier than exponential; wants stages.",
     "Ровнее экспоненциального; нужны stages."},
    {"pareto", DIST_PARETO, "With a heavy tail; wants alpha.", "С тяжёлым хвостом; нужна alpha."},
    {"uniform", DIST_UNIFORM, "Mean plus or minus spread.", "Среднее плюс-минус spread."},
    {"empirical", DIST_EMPIRICAL, "Points with weights.", "Точки с весами."},
    {0},
};

#define DIST_KEYS(mean_type, mean_least, mean_most, points_type)                                   \
    {"dist",                                                                                       \
     KEY_WORD,                                                                                     \
     KEY_AT(struct draft_dist, kind),                                                              \
     .words = dists,                                                                               \
     .fallback = "constant",                                                                       \
     .en = "Its shape.",                                                                           \
     .ru = "Форма."},                                                                              \
        {"mean",                                                                                   \
         mean_type,                                                                                \
         KEY_AT(struct draft_dist, mean),                                                          \
         .least = (mean_least),                                                                    \
         .most = (mean_most),                                                                      \
         .en = "Its mean.",                                                                        \
         .ru = "Среднее."},                                                                        \
        {"cv",                                                                                     \
         KEY_NUMBER,                                                                               \
         KEY_AT(struct draft_dist, cv),                                                            \
         .fallback = "1",                                                                          \
         .least = "0",                                                                             \
         .most = "100",                                                                            \
         .en = "lognormal: standard deviation over mean.",                                         \
         .ru = "lognormal: стандартное отклонение к среднему."},                                   \
        {"stages",                                                                                 \
         KEY_COUNT,                                                                                \
         KEY_AT(struct draft_dist, stages),                                                        \
         .fallback = "2",                                                                          \
         .least = "1",                                                                             \
         .most = "1000",                                                                           \
         .en = "erlang: how many stages.",                                                         \
         .ru = "erlang: сколько ступеней."},                                                       \
        {"alpha",                                                                                  \
         KEY_NUMBER,                                                                               \
         KEY_AT(struct draft_dist, alpha),                                                         \
         .fallback = "2.5",                                                                        \
         .least = "1.01",                                                                          \
         .most = "100",                                                                            \
         .en = "pareto: the tail; heavier towards 1.",                                             \
         .ru = "pareto: хвост; чем ближе к 1, тем тяжелее."},                                      \
        {"spread",                                                                                 \
         KEY_SHARE,                                                                                \
         KEY_AT(struct draft_dist, spread),                                                        \
         .fallback = "50%",                                                                        \
         .least = "0%",                                                                            \
         .most = "100%",                                                                           \
         .en = "uniform: how far from the mean.",                                                  \
         .ru = "uniform: как далеко от среднего."},                                                \
        {"points",                                                                                 \
         points_type,                                                                              \
         KEY_AT(struct draft_dist, points),                                                        \
         .items_max = 256,                                                                         \
         .en = "empirical: values with weights.",                                                  \
         .ru = "empirical: значения с весами."},

static const struct key duration_dist_keys[] = {
    DIST_KEYS(KEY_DURATION, "0s", "1h", KEY_DURATION_POINTS)};
static const struct key money_dist_keys[] = {
    DIST_KEYS(KEY_MONEY, "0 RUB", "1000000 RUB", KEY_MONEY_POINTS)};
const struct group duration_dist_group = {"durations", KEYS_OF(duration_dist_keys),
                                          .finish = finish_dist};
const struct group money_dist_group = {"amounts", KEYS_OF(money_dist_keys), .finish = finish_dist};
