/* keys_service.c — The keys of one service. Some belong to one kind of service only. */
#include "sim/scenario/bind/finish.h"
#include "sim/scenario/keys/keys.h"

#define LIKES (1U << KIND_LIKES)
#define DELIVERY (1U << KIND_DELIVERY)
#define BATCHER (1U << KIND_BATCHER)
#define CUSTOM (1U << KIND_CUSTOM)
#define GATEWAY (1U << KIND_GATEWAY)
#define COUNTER (1U << KIND_COUNTER)

static const struct word kinds[] = {
    {"custom", KIND_CUSTOM, "A handler made of steps.", "Обработчик из шагов."},
    {"likes", KIND_LIKES, "Likes of posts.", "Лайки постов."},
    {"delivery", KIND_DELIVERY, "Menus, orders and couriers.", "Меню, заказы и курьеры."},
    {"batcher", KIND_BATCHER, "Takes from the queue, writes to the table.",
     "Берёт из очереди, пишет в таблицу."},
    {"gateway", KIND_GATEWAY, "Lets in who may ask, and passes it on.",
     "Впускает тех, кому можно, и передаёт дальше."},
    {"counter", KIND_COUNTER, "Likes counted in the process's own memory.",
     "Лайки, посчитанные в памяти самого процесса."},
    {0},
};

static const struct word models[] = {
    {"event_loop", RUNTIME_EVENT_LOOP, "One thread, one core; nobody is interrupted.",
     "Один поток, одно ядро; никого не прерывают."},
    {"threads", RUNTIME_THREADS, "A pool of threads that share the cores by turns.",
     "Пул потоков, которые по очереди делят ядра."},
    {"gil_threads", RUNTIME_GIL_THREADS,
     "The same, and one at a time computes, by the interpreter's lock.",
     "То же, но вычисляет только один за раз: у интерпретатора одна блокировка (GIL)."},
    {"processes", RUNTIME_PROCESSES,
     "Processes that share the cores and no memory, one request at a time in each.",
     "Процессы, которые делят ядра, но не память; в каждом по одному запросу."},
    {0},
};
/* 64 threads: a usual pool; 4 ms: about a Linux scheduling slice on a loaded core; 4 processes:
 * gunicorn's "2 to 4 x cores" for one core (docs.gunicorn.org, workers); 5 ms:
 * sys.getswitchinterval() of CPython; 44 MiB: VmRSS of CPython 3.11 with FastAPI 0.165 and uvicorn
 * imported and one route, before its first request, measured. */
static const struct key runtime_keys[] = {
    {"model", KEY_WORD, KEY_AT(struct service_spec, runtime), .words = models,
     .fallback = "event_loop", .en = "How one replica runs many requests.",
     .ru = "Как одна реплика ведёт много запросов."},
    {"threads", KEY_COUNT, KEY_AT(struct service_spec, threads), .fallback = "64", .least = "1",
     .most = "4096", .en = "How many threads; alone it chooses the model threads.",
     .ru = "Сколько потоков; без model выбирает модель threads."},
    {"processes", KEY_COUNT, KEY_AT(struct service_spec, processes), .fallback = "4", .least = "1",
     .most = "256", .en = "How many processes; alone it chooses the model processes.",
     .ru = "Сколько процессов; без model выбирает модель processes."},
    {"quantum", KEY_DURATION, KEY_AT(struct service_spec, quantum_ns), .fallback = "4ms",
     .least = "10us", .most = "1s",
     .en = "All but event_loop: one turn on a core; of a counter: memory.quantum.",
     .ru = "Все модели, кроме event_loop: квант на ядре; у счётчика — memory.quantum."},
    {"switch_interval", KEY_DURATION, KEY_AT(struct service_spec, switch_interval_ns),
     .fallback = "5ms", .least = "10us", .most = "1s",
     .en = "gil_threads: who has waited so long for the lock asks its holder to drop it.",
     .ru = "gil_threads: кто столько ждал блокировку, просит её отдать."},
    {"memory", KEY_SIZE, KEY_AT(struct service_spec, memory), .fallback = "44MiB", .least = "0B",
     .most = "1TiB", .en = "Of one process; processes share none.",
     .ru = "Память одного процесса; общей памяти у процессов нет."},
};
static const struct group runtime_group = {"runtime", KEYS_OF(runtime_keys), .brief = "model",
                                           .finish = finish_runtime};

static const struct word signals[] = {
    {"cpu", SIGNAL_CPU, "Busy share of the cores; target in percent.",
     "Занятая доля ядер; цель в процентах."},
    {"in_flight", SIGNAL_IN_FLIGHT, "Requests inside a replica; target a count.",
     "Запросов внутри реплики; цель — число."},
    {"rate", SIGNAL_RATE, "Requests per second and replica; target a rate.",
     "Запросов в секунду на реплику; цель — частота."},
    {"lag", SIGNAL_LAG, "Records waiting in the queue, per replica; target a count.",
     "Записей ждёт в очереди на реплику; цель — число."},
    {0},
};
/* The defaults of Kubernetes: horizontal-pod-autoscaler-sync-period 15 s, tolerance 0.1,
 * downscale stabilisation 5 min, target cpu 80 %. */
static const struct key autoscale_keys[] = {
    {"enabled", KEY_BOOL, KEY_AT(struct autoscale_spec, is_on), .fallback = "no",
     .en = "Writing the mapping turns it on; `autoscale: no` turns it off again.",
     .ru = "Само наличие ключа включает; `autoscale: no` снова выключает."},
    {"signal", KEY_WORD, KEY_AT(struct autoscale_spec, signal), .words = signals, .fallback = "cpu",
     .en = "What is watched.", .ru = "За чем следят."},
    {"target", KEY_SIGNAL, KEY_AT(struct autoscale_spec, target),
     .en = "The signal's wanted value per replica; 80% for cpu, else it must be given.",
     .ru = "Желаемое значение на реплику; для cpu 80%, иначе его надо задать."},
    {"min", KEY_COUNT, KEY_AT(struct autoscale_spec, replicas_min), .fallback = "1", .least = "1",
     .most = "512", .en = "Fewest replicas.", .ru = "Наименьшее число реплик."},
    {"max", KEY_COUNT, KEY_AT(struct autoscale_spec, replicas_max), .fallback = "10", .least = "1",
     .most = "512", .en = "Most replicas.", .ru = "Наибольшее число реплик."},
    {"every", KEY_DURATION, KEY_AT(struct autoscale_spec, every_ns), .fallback = "15s",
     .least = "100ms", .most = "1h", .en = "Time between decisions.",
     .ru = "Время между решениями."},
    {"tolerance", KEY_NUMBER, KEY_AT(struct autoscale_spec, tolerance), .fallback = "0.1",
     .least = "0", .most = "1", .en = "No move while the ratio to the target is this near to 1.",
     .ru = "Ничего не меняется, пока отношение к цели настолько близко к 1."},
    {"down_window", KEY_DURATION, KEY_AT(struct autoscale_spec, down_window_ns), .fallback = "5m",
     .least = "0s", .most = "1h", .en = "On the way down, the largest wish of this window counts.",
     .ru = "При уменьшении берётся наибольшее желаемое число за это окно."},
};
static const struct group autoscale_group = {"autoscale", KEYS_OF(autoscale_keys),
                                             .brief = "enabled", .finish = finish_autoscale};

/* Nothing by default: a service's work is its own. scenarios/pipeline.yaml has measured numbers. */
#define STAGE(member)                                                                              \
    KEY_DURATION_DIST, KEY_AT(struct pipeline_spec, member), .fallback = "0s", .least = "0s",      \
                                                             .most = "1h"
#define PER_KIB(member)                                                                            \
    KEY_DURATION, KEY_AT(struct pipeline_spec, member), .fallback = "0s", .least = "0s",           \
                                                        .most = "100ms"
static const struct key per_kib_keys[] = {
    {"validate", PER_KIB(validate_kib_ns), .en = "Checking the input, per KiB of the request.",
     .ru = "Проверка входа, на КиБ запроса."},
    {"validate_answer", PER_KIB(validate_answer_kib_ns),
     .en = "Checking the answer, per KiB of it.", .ru = "Проверка ответа, на его КиБ."},
    {"serialise", PER_KIB(serialise_kib_ns), .en = "Serialising, per KiB of the answer.",
     .ru = "Сериализация, на КиБ ответа."},
    {"send", PER_KIB(send_kib_ns), .en = "Sending, per KiB of the answer.",
     .ru = "Отправка, на КиБ ответа."},
};
static const struct group per_kib_group = {"per_kib", KEYS_OF(per_kib_keys)};

static const struct key pipeline_keys[] = {
    {"accept", STAGE(accept), .en = "The server reads and parses the request.",
     .ru = "Сервер читает и разбирает запрос."},
    {"route", STAGE(route), .en = "The endpoint is found.", .ru = "Находится обработчик пути."},
    {"validate", STAGE(validate), .en = "The input is parsed and checked against its model.",
     .ru = "Вход разбирается и проверяется по модели."},
    {"dependencies", STAGE(dependencies),
     .en = "What the endpoint depends on is made ready: who asks, a session, a connection.",
     .ru = "Готовятся зависимости: кто спрашивает, сессия, соединение."},
    {"validate_answer", STAGE(validate_answer), .en = "The answer is held against its model.",
     .ru = "Ответ проверяется по модели."},
    {"serialise", STAGE(serialise), .en = "The answer becomes JSON.",
     .ru = "Ответ превращается в JSON."},
    {"send", STAGE(send), .en = "The answer is written to the socket.",
     .ru = "Ответ пишется в сокет."},
    {"per_kib", KEY_GROUP, .group = &per_kib_group, .en = "What each KiB of a body adds.",
     .ru = "Сколько добавляет каждый КиБ тела."},
};
static const struct group pipeline_group = {"pipeline", KEYS_OF(pipeline_keys)};

/* A few milliseconds for a page of an interpreted framework, a fraction for what is ready. */
static const struct key work_keys[] = {
    {"light", KEY_DURATION_DIST, KEY_AT(struct service_spec, work_light), .fallback = "300us",
     .least = "0s", .most = "1h", .kinds = DELIVERY | GATEWAY,
     .en = "Processor time of what is ready: a cached menu, an order for the log; of a gateway's "
           "visit.",
     .ru = "Процессорное время готового: меню из кеша, заказ в журнал; запроса в шлюзе."},
    {"read", KEY_DURATION_DIST, KEY_AT(struct service_spec, work_read), .fallback = "2ms",
     .least = "0s", .most = "1h", .kinds = LIKES | DELIVERY,
     .en = "Processor time of count, or of building a menu from its rows.",
     .ru = "Процессорное время count или сборки меню из строк."},
    {"write", KEY_DURATION_DIST, KEY_AT(struct service_spec, work_write), .fallback = "4ms",
     .least = "0s", .most = "1h", .kinds = LIKES | DELIVERY,
     .en = "Processor time of like and unlike, or of an order placed at once.",
     .ru = "Процессорное время like и unlike или заказа, оформленного сразу."},
    {"batch", KEY_DURATION_DIST, KEY_AT(struct service_spec, work_batch), .fallback = "1ms",
     .least = "0s", .most = "1h", .kinds = BATCHER, .en = "Processor time per batch.",
     .ru = "Процессорное время на пачку."},
    {"record", KEY_DURATION_DIST, KEY_AT(struct service_spec, work_record), .fallback = "100us",
     .least = "0s", .most = "1h", .kinds = BATCHER, .en = "And per record in it.",
     .ru = "И на каждую запись в ней."},
};
static const struct group work_group = {"work", KEYS_OF(work_keys)};

static const struct key timeout_keys[] = {
    {"store", KEY_DURATION, KEY_AT(struct service_spec, store_timeout_ns), .fallback = "100ms",
     .least = "1us", .most = "1h", .en = "For one question to the store.",
     .ru = "На один вопрос хранилищу."},
    {"table", KEY_DURATION, KEY_AT(struct service_spec, table_timeout_ns), .fallback = "1s",
     .least = "1us", .most = "1h", .en = "For one statement or transaction.",
     .ru = "На один запрос или транзакцию."},
    {"queue", KEY_DURATION, KEY_AT(struct service_spec, queue_timeout_ns), .fallback = "2s",
     .least = "1us", .most = "1h", .en = "For one record to be acknowledged.",
     .ru = "На подтверждение одной записи."},
    {"ask", KEY_DURATION, KEY_AT(struct service_spec, ask_timeout_ns), .fallback = "1s",
     .least = "1us", .most = "1h", .kinds = GATEWAY, .en = "For the service behind a gateway.",
     .ru = "На сервис за шлюзом."},
};
static const struct group timeouts_group = {"timeouts", KEYS_OF(timeout_keys)};

static const struct word designs[] = {
    {"table", DESIGN_TABLE, "Rows only; every question scans.",
     "Только строки; каждый вопрос — полный просмотр."},
    {"indexed", DESIGN_INDEXED, "A unique index, and a counter row in the same transaction.",
     "Уникальный индекс и строка-счётчик в той же транзакции."},
    {"cached", DESIGN_CACHED, "Rows in SQL, the counter in the store.",
     "Строки в SQL, счётчик в хранилище."},
    {"queued", DESIGN_QUEUED, "The store answers, a log carries, one row per transaction.",
     "Отвечает хранилище, несёт журнал, по строке на транзакцию."},
    {"batched", DESIGN_BATCHED, "The same, many rows per transaction.",
     "То же, много строк на транзакцию."},
    {0},
};
static const struct word acks[] = {
    {"store", ACK_STORE, "The store has counted it (T0).", "Посчитало хранилище (T0)."},
    {"queue", ACK_QUEUE, "The log has it (T1).", "Записано в журнал (T1)."},
    {"table", ACK_TABLE, "The row is committed (T2).", "Строка зафиксирована (T2)."},
    {0},
};

static const struct word line_orders[] = {
    {"fifo", LINE_FIFO, "First in, first out.", "Кто раньше пришёл."},
    {"priority", LINE_PRIORITY,
     "Higher overtakes lower; when the line is full, the lowest gives way.",
     "Больший приоритет обгоняет; если мест нет, меньший уступает."},
    {"lifo", LINE_LIFO, "Last in, first out; when the line is full, the oldest gives way.",
     "Кто позже пришёл; если мест нет, уступает самый давний."},
    {"codel", LINE_CODEL,
     "First in, first out, but who has waited 100 ms goes away, or 5 ms in a standing line.",
     "Кто раньше пришёл, но прождавших 100 мс (в стоячей очереди 5 мс) отсылают."},
    {0},
};

/* lease: 10 s is what Facebook's memcached holds one for (Nishtala, NSDI 2013, 3.2.1). early: 1 is
 * the paper's own choice (Vattani, VLDB 2015). */
static const struct key menu_keys[] = {
    {"cache", KEY_BOOL, KEY_AT(struct service_spec, menu_cache), .fallback = "no",
     .en = "Menus are kept in the store.", .ru = "Меню хранятся в хранилище."},
    {"ttl", KEY_DURATION, KEY_AT(struct service_spec, menu_ttl_ns), .fallback = "60s",
     .least = "1ms", .most = "24h", .en = "How long a cached menu is kept.",
     .ru = "Сколько хранится меню."},
    {"single_flight", KEY_BOOL, KEY_AT(struct service_spec, single_flight), .fallback = "no",
     .en = "One refill per menu at a time; the others wait for it.",
     .ru = "Меню одновременно обновляет один запрос, остальные его ждут."},
    {"lease", KEY_DURATION, KEY_AT(struct service_spec, menu_lease_ns), .fallback = "0s",
     .least = "0s", .most = "1h",
     .en = "One refill of all replicas at a time, for so long at most; 0s: no leases. Usual: 10s.",
     .ru = "Обновляет один запрос на все реплики, не дольше; 0s — без аренды. Обычно 10s."},
    {"early", KEY_NUMBER, KEY_AT(struct service_spec, menu_early), .fallback = "0", .least = "0",
     .most = "100",
     .en = "XFetch's beta: refilled before it expires, by chance; 0: never. Usual: 1.",
     .ru = "Бета XFetch: обновляется до истечения, по жребию; 0 — никогда. Обычно 1."},
    {"bytes", KEY_SIZE, KEY_AT(struct service_spec, menu_bytes), .fallback = "16KiB", .least = "1B",
     .most = "16MiB", .en = "Size of a menu.", .ru = "Размер меню."},
};
static const struct group menu_group = {"menu", KEYS_OF(menu_keys)};

static const struct word order_modes[] = {
    {"sync", ORDERS_SYNC, "Answered when the row is committed.",
     "Ответ, когда строка зафиксирована."},
    {"queued", ORDERS_QUEUED, "Answered when the log has it; a batcher dispatches.",
     "Ответ, когда заказ в журнале; развозит batcher."},
    {0},
};
static const struct word topics[] = {
    {"likes", TOPIC_KIND_LIKES, "Likes, into rows and counters.", "Лайки — в строки и счётчики."},
    {"orders", TOPIC_KIND_ORDERS, "Orders, into courier trips.", "Заказы — в поездки курьеров."},
    {0},
};

static const struct word store_steps[] = {
    {"get", STEP_STORE_GET, "Read the visit's key.", "Прочитать ключ запроса."},
    {"set", STEP_STORE_SET, "Write it.", "Записать его."},
    {"add", STEP_STORE_ADD, "Add one to it.", "Прибавить к нему единицу."},
    {0},
};
static const struct word table_steps[] = {
    {"read", STEP_TABLE_READ, "Read one row by its key.", "Прочитать строку по ключу."},
    {"write", STEP_TABLE_WRITE, "Write one row in a transaction.", "Записать строку в транзакции."},
    {0},
};
static const struct group put_group = {"put", .keys = NULL, .keys_max = 0};

static const struct key step_keys[] = {
    {"compute", KEY_DURATION_DIST, KEY_AT(struct step_spec, time), .least = "0s", .most = "1h",
     .en = "Processor time on this replica.", .ru = "Процессорное время на этой реплике."},
    {"native", KEY_DURATION_DIST, KEY_AT(struct step_spec, time), .least = "0s", .most = "1h",
     .en = "The same in a C extension (NumPy), which lets go of the interpreter's lock.",
     .ru = "То же в расширении на C (NumPy): GIL на это время отпущен."},
    {"sleep", KEY_DURATION_DIST, KEY_AT(struct step_spec, time), .least = "0s", .most = "1h",
     .en = "Waiting that takes no processor: await asyncio.sleep.",
     .ru = "Ожидание без процессора: await asyncio.sleep."},
    {"block", KEY_DURATION_DIST, KEY_AT(struct step_spec, time), .least = "0s", .most = "1h",
     .en = "Waiting that gives way to nobody: time.sleep, a driver that is not async.",
     .ru = "Ожидание, которое никого не пропускает: time.sleep, синхронный драйвер."},
    {"store", KEY_WORD, KEY_AT(struct step_spec, kind), .words = store_steps,
     .en = "One question to the store.", .ru = "Один вопрос хранилищу."},
    {"table", KEY_WORD, KEY_AT(struct step_spec, kind), .words = table_steps,
     .en = "One statement.", .ru = "Один запрос к базе."},
    {"put", KEY_GROUP, .group = &put_group, .en = "One record into the queue: `put: {}`.",
     .ru = "Одна запись в очередь: `put: {}`."},
    {"ask", KEY_SERVICE, KEY_AT(struct step_spec, service), .en = "Call another service.",
     .ru = "Вызвать другой сервис."},
    {"ttl", KEY_DURATION, KEY_AT(struct step_spec, ttl_ns), .fallback = "60s", .least = "1ms",
     .most = "24h", .en = "store: set: how long it is kept.",
     .ru = "store: set: сколько оно хранится."},
    {"timeout", KEY_DURATION, KEY_AT(struct step_spec, timeout_ns), .fallback = "1s",
     .least = "1us", .most = "1h", .en = "For what leaves the replica.",
     .ru = "Для всего, что выходит за пределы реплики."},
    {"concurrent", KEY_BOOL, KEY_AT(struct step_spec, is_concurrent), .fallback = "no",
     .en = "Begins together with the step before it; all are awaited (asyncio.gather). A thread or "
           "a process can compute or block in one of them only.",
     .ru = "Начинается вместе с предыдущим шагом; ждут всех (asyncio.gather). Поток или процесс "
           "может считать или блокироваться только в одном из них."},
};
static const struct group step_group = {"step", KEYS_OF(step_keys),
                                        .size = sizeof(struct step_spec), .finish = finish_step};

static const struct key straggler_keys[] = {
    {"count", KEY_COUNT, KEY_AT(struct service_spec, stragglers), .fallback = "0", .least = "0",
     .most = "512", .en = "How many there are: the first replicas.",
     .ru = "Сколько их: первые из реплик."},
    {"speed", KEY_NUMBER, KEY_AT(struct service_spec, straggler_speed), .fallback = "0.5",
     .least = "0.01", .most = "100", .en = "Of one of their cores.", .ru = "Скорость их ядра."},
};
static const struct group straggler_group = {"stragglers", KEYS_OF(straggler_keys)};

static const struct key service_keys[] = {
    {"kind", KEY_WORD, KEY_AT(struct service_spec, kind), .words = kinds,
     .en = "What it does; by default its own name if that is a kind, else custom.",
     .ru = "Что он делает; по умолчанию его имя, если это вид сервиса, иначе custom."},
    {"replicas", KEY_COUNT, KEY_AT(struct service_spec, replicas), .fallback = "1", .least = "1",
     .most = "512", .en = "How many run side by side at the start.",
     .ru = "Сколько реплик работает вначале."},
    {"cores", KEY_COUNT, KEY_AT(struct service_spec, cores), .fallback = "1", .least = "1",
     .most = "256", .en = "Cores of one replica.", .ru = "Ядер у одной реплики."},
    {"speed", KEY_NUMBER, KEY_AT(struct service_spec, speed), .fallback = "1", .least = "0.01",
     .most = "100", .en = "Of one core, against the core that work is quoted for.",
     .ru = "Скорость ядра относительно того, для которого указана работа."},
    {"stragglers", KEY_GROUP, .group = &straggler_group,
     .kinds = LIKES | DELIVERY | CUSTOM | GATEWAY,
     .en = "Replicas of another speed: older machines, noisy neighbours.",
     .ru = "Реплики другой скорости: машины постарше, шумные соседи."},
    {"runtime", KEY_GROUP, .group = &runtime_group, .en = "How a replica runs its requests.",
     .ru = "Как реплика исполняет запросы."},
    {"queue", KEY_COUNT, KEY_AT(struct service_spec, queue), .fallback = "1000", .least = "0",
     .most = "10M", .en = "Places to wait for a first turn; beyond them visits are shed.",
     .ru = "Мест в очереди; кому не хватило, тех отбрасывают."},
    {"line", KEY_WORD, KEY_AT(struct service_spec, line), .words = line_orders, .fallback = "fifo",
     .kinds = LIKES | DELIVERY | CUSTOM | GATEWAY, .en = "Who of those that wait is next.",
     .ru = "Кто из ожидающих следующий."},
    {"in_flight", KEY_COUNT, KEY_AT(struct service_spec, in_flight), .fallback = "10k",
     .least = "1", .most = "10M", .en = "Requests inside one replica; beyond it they are shed.",
     .ru = "Запросов внутри одной реплики; лишние отбрасывают."},
    {"boot", KEY_DURATION, KEY_AT(struct service_spec, boot_ns), .fallback = "20s", .least = "0s",
     .most = "1h", .en = "From the decision to a new replica's first request.",
     .ru = "От решения до первого запроса новой реплики."},
    {"autoscale", KEY_GROUP, KEY_AT(struct service_spec, autoscale), .group = &autoscale_group,
     .en = "Lets the number of replicas follow a signal, by the rule of Kubernetes.",
     .ru = "Число реплик следует за сигналом, по правилу Kubernetes."},
    {"pipeline", KEY_GROUP, KEY_AT(struct service_spec, pipeline), .group = &pipeline_group,
     .kinds = CUSTOM | LIKES | DELIVERY,
     .en = "Processor time of the framework around the handler, stage by stage.",
     .ru = "Процессорное время фреймворка вокруг обработчика, по этапам."},
    {"work", KEY_GROUP, .group = &work_group, .kinds = LIKES | DELIVERY | BATCHER | GATEWAY,
     .en = "Processor time of its own handlers.", .ru = "Процессорное время обработчиков."},
    {"timeouts", KEY_GROUP, .group = &timeouts_group, .kinds = LIKES | DELIVERY | BATCHER | GATEWAY,
     .en = "How long it waits for what it asks.", .ru = "Сколько он ждёт тех, кого спросил."},
    {"design", KEY_WORD, KEY_AT(struct service_spec, design), .words = designs,
     .fallback = "indexed", .kinds = LIKES, .en = "Where likes are kept and counted.",
     .ru = "Где лайки лежат и считаются."},
    {"ack", KEY_WORD, KEY_AT(struct service_spec, ack), .words = acks, .kinds = LIKES,
     .en = "When a like is acknowledged; by default table, or queue where a log carries.",
     .ru = "Когда лайк подтверждён; по умолчанию table, а где есть журнал — queue."},
    {"menu", KEY_GROUP, .group = &menu_group, .kinds = DELIVERY, .en = "How menus are served.",
     .ru = "Как отдаются меню."},
    {"orders", KEY_WORD, KEY_AT(struct service_spec, orders), .words = order_modes,
     .fallback = "sync", .kinds = DELIVERY, .en = "When an order is answered.",
     .ru = "Когда отвечают на заказ."},
    {"topic", KEY_WORD, KEY_AT(struct service_spec, topic), .words = topics, .kinds = BATCHER,
     .en = "What it takes; by default orders where only orders are queued, else likes.",
     .ru = "Что он берёт; по умолчанию orders, если в очередь идут только заказы, иначе likes."},
    {"batch", KEY_COUNT, KEY_AT(struct service_spec, batch), .fallback = "500", .least = "1",
     .most = "1365", .kinds = BATCHER, .en = "Records in one transaction at most.",
     .ru = "Записей в одной транзакции, не больше."},
    {"linger", KEY_DURATION, KEY_AT(struct service_spec, linger_ns), .fallback = "100ms",
     .least = "0s", .most = "1h", .kinds = BATCHER,
     .en = "Longest wait for a batch to fill; for orders the dispatch window.",
     .ru = "Сколько ждать, пока пачка наберётся; для заказов — окно отправки."},
    {"attempts", KEY_COUNT, KEY_AT(struct service_spec, attempts), .fallback = "5", .least = "1",
     .most = "1000", .kinds = BATCHER, .en = "Tries before a record goes to the dead letters.",
     .ru = "Попыток, прежде чем запись станет мёртвым письмом (dead letter)."},
    {"trip_orders", KEY_COUNT, KEY_AT(struct service_spec, trip_orders), .fallback = "3",
     .least = "1", .most = "100", .kinds = BATCHER,
     .en = "Orders that one courier carries at most.",
     .ru = "Заказов у одного курьера, не больше."},
    {"to", KEY_SERVICE, KEY_AT(struct service_spec, behind), .kinds = GATEWAY,
     .en = "Whom it stands before; by default the only other service that takes requests.",
     .ru = "Перед кем стоит; по умолчанию перед единственным другим сервисом."},
    {"auth", KEY_GROUP, KEY_AT(struct service_spec, auth), .group = &auth_group, .kinds = GATEWAY,
     .en = "How it knows who may ask.", .ru = "Как он узнаёт, кому можно."},
    {"memory", KEY_GROUP, KEY_AT(struct service_spec, shared), .group = &memory_group,
     .kinds = COUNTER, .en = "How its threads count, and what that costs.",
     .ru = "Как считают его потоки и чего это стоит."},
    {"steps", KEY_LIST, KEY_AT(struct service_spec, steps), .group = &step_group,
     .count_offset = offsetof(struct service_spec, steps_max), .items_max = SCENARIO_STEPS_MAX,
     .kinds = CUSTOM, .en = "What the handler does, one after the other.",
     .ru = "Что делает обработчик, шаг за шагом."},
};
const struct group service_group = {"service", KEYS_OF(service_keys),
                                    .size = sizeof(struct service_spec), .finish = finish_service};
