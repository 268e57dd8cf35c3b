/* metrics.c — What a threshold may be about. */
#include "sim/scenario/keys/metrics.h"

#include <stdio.h>
#include <string.h>

#include "sim/scenario/problems/nearest.h"

static const char prefix[] = "services.";

static const struct metric_word fixed_words[] = {
    {"latency.mean", UNIT_DURATION, "Mean latency of answers in time.",
     "Средняя задержка ответов в срок."},
    {"latency.p50", UNIT_DURATION, "Half of them were faster.", "Половина была быстрее."},
    {"latency.p90", UNIT_DURATION, "90 % of them were faster.", "90 % были быстрее."},
    {"latency.p95", UNIT_DURATION, "95 % of them were faster.", "95 % были быстрее."},
    {"latency.p99", UNIT_DURATION, "99 % of them were faster.", "99 % были быстрее."},
    {"latency.p999", UNIT_DURATION, "99.9 % of them were faster.", "99,9 % были быстрее."},
    {"latency.max", UNIT_DURATION, "The slowest of them.", "Самый медленный."},
    {"requests.failed", UNIT_SHARE, "Share of requests that failed.",
     "Доля отказов среди всех запросов."},
    {"requests.late", UNIT_SHARE, "Answered after the client gave up.",
     "Ответ пришёл, когда клиент уже ушёл."},
    {"requests.lost", UNIT_SHARE, "Failed or late.", "Отказ или опоздание."},
    {"requests.timeout", UNIT_SHARE, "Failed: no answer in time.", "Отказ: нет ответа вовремя."},
    {"requests.shed", UNIT_SHARE, "Failed: turned away under overload.",
     "Отказ: отброшены из-за перегрузки."},
    {"requests.refused", UNIT_SHARE, "Failed: nobody was there.", "Отказ: отвечать было некому."},
    {"requests.error", UNIT_SHARE, "Failed: an error, a broken connection.",
     "Отказ: ошибка, обрыв соединения."},
    {"requests.denied", UNIT_SHARE, "Failed: no token that is accepted.",
     "Отказ: нет токена, который примут."},
    {"requests.unanswered", UNIT_SHARE, "Failed: no answer to the end; clients without a timeout.",
     "Отказ: ответа не было до конца; клиенты без таймаута."},
    {"requests.attempts", UNIT_NUMBER, "Tries per request; 1 without retries.",
     "Попыток на запрос; без повторов 1."},
    {"goodput", UNIT_RATE, "Answers in time, per second.", "Ответов в срок в секунду."},
    {"throughput", UNIT_RATE, "All answers, per second.", "Всех ответов в секунду."},
    {"money.revenue", UNIT_MONEY, "All five streams of income.", "Все пять источников дохода."},
    {"money.commission", UNIT_MONEY, "Paid by restaurants, of each basket.", "Комиссия с заказов."},
    {"money.delivery_fee", UNIT_MONEY, "Paid by customers for delivery.", "Плата за доставку."},
    {"money.subscription", UNIT_MONEY, "Paid by restaurants for being listed.",
     "Подписка ресторанов."},
    {"money.ads", UNIT_MONEY, "Paid by restaurants for views and clicks.", "Реклама."},
    {"money.premium", UNIT_MONEY, "Paid by members, and for analytics.",
     "Премиум-функции: члены клуба и аналитика."},
    {"money.courier", UNIT_MONEY, "Paid to couriers.", "Выплаты курьерам."},
    {"money.payment", UNIT_MONEY, "Paid to the bank.", "Выплаты банку."},
    {"money.refunds", UNIT_MONEY, "Paid back.", "Возвраты."},
    {"money.support", UNIT_MONEY, "Paid for calls for help.", "Расходы на поддержку."},
    {"money.infra_cost", UNIT_MONEY, "Paid for servers.", "Плата за серверы."},
    {"money.contribution", UNIT_MONEY, "Revenue less all costs but the servers.",
     "Доход минус все расходы, кроме серверов."},
    {"money.contribution_per_order", UNIT_MONEY, "The same per order that went well.",
     "То же на удавшийся заказ."},
    {"money.profit", UNIT_MONEY, "Revenue less all costs.", "Доход минус все расходы."},
    {"money.profit_per_order", UNIT_MONEY, "The same per order that went well.",
     "То же на удавшийся заказ."},
    {"money.lost", UNIT_MONEY, "What failed and late orders and menus would have brought.",
     "Сколько принесли бы сорванные и опоздавшие заказы и меню."},
    {"money.lost_timeout", UNIT_MONEY, "Of it: no answer in time.",
     "Из этого: нет ответа вовремя."},
    {"money.lost_shed", UNIT_MONEY, "Of it: turned away under overload.",
     "Из этого: отброшены из-за перегрузки."},
    {"money.lost_refused", UNIT_MONEY, "Of it: nobody was there.",
     "Из этого: отвечать было некому."},
    {"money.lost_error", UNIT_MONEY,
     "Of it: an error, a broken connection; or accepted and never charged.",
     "Из этого: ошибка, обрыв соединения; или заказ принят, но так и не оплачен."},
    {"money.lost_denied", UNIT_MONEY, "Of it: no token that is accepted.",
     "Из этого: нет токена, который примут."},
    {"money.lost_late", UNIT_MONEY, "Of it: answered too late.", "Из этого: ответ пришёл поздно."},
    {"queue.lag_max", UNIT_NUMBER, "Most records that waited at once.",
     "Больше всего записей, ждавших разом."},
    {"queue.lag_end", UNIT_NUMBER, "Records still waiting after the drain.",
     "Записей, ждущих после drain."},
    {"queue.redelivered", UNIT_NUMBER, "Records delivered again, up to the load's end.",
     "Записей, доставленных повторно до конца нагрузки."},
    {"queue.dead_letters", UNIT_NUMBER, "Records that a batcher gave up and laid aside.",
     "Записей, которые batcher не смог записать и отложил."},
    {"store.hit_rate", UNIT_SHARE, "Reads that found their key.", "Чтения, нашедшие свой ключ."},
    {"store.utilization", UNIT_SHARE, "Busy share of the store's threads.",
     "Занятость потоков хранилища."},
    {"table.utilization", UNIT_SHARE, "Busy share of the database's cores.",
     "Занятость ядер базы."},
    {"table.pool_utilization", UNIT_SHARE, "Busy share of its connections.",
     "Занятость соединений."},
    {"table.hottest_row", UNIT_SHARE, "Time that the busiest row was locked.",
     "Время, когда самая занятая строка заперта."},
    {"runtime.memory", UNIT_NUMBER, "MiB, of all processes of all services.",
     "МиБ, у всех процессов всех сервисов."},
    {"runtime.held", UNIT_SHARE, "Threads, processes or loops that requests hold.",
     "Потоки, процессы или циклы событий, занятые запросами."},
    {"runtime.gil_held", UNIT_SHARE, "The interpreter's lock, of the service that wants it most.",
     "Занятость GIL у сервиса, которому он нужнее всего."},
    {"runtime.gil_wait", UNIT_DURATION, "Mean of each wait for it.",
     "Среднее время одного ожидания GIL."},
    {"likes.lost", UNIT_NUMBER, "Acknowledged, and in no table.",
     "Лайки, которые подтвердили, но нигде не записали."},
    {"likes.out_of_order", UNIT_NUMBER, "Users whose row is not what they said last.",
     "Пользователи, у которых строка расходится с последним действием."},
    {"likes.shown_off", UNIT_NUMBER, "Likes shown too many or too few, over all posts.",
     "Показано лишних или недостающих лайков, по всем постам."},
    {"auth.logins", UNIT_NUMBER, "Logins.", "Входов."},
    {"auth.refreshes", UNIT_NUMBER, "Tokens that were renewed.", "Обновлённых токенов."},
    {"auth.revoked", UNIT_NUMBER, "Logouts that were acknowledged.", "Подтверждённых выходов."},
    {"auth.stolen", UNIT_NUMBER, "Tokens that a thief took.", "Украденных токенов."},
    {"auth.refused", UNIT_NUMBER, "Requests whose token was refused.",
     "Запросов, чей токен не приняли."},
    {"auth.forged_accepted", UNIT_NUMBER, "Requests served with a forged token.",
     "Запросов, принятых с поддельным токеном."},
    {"auth.accepted_after_revocation", UNIT_NUMBER, "Requests of thieves served after the logout.",
     "Запросов вора, принятых после выхода."},
    {"auth.exposure_mean", UNIT_DURATION, "From a logout to the thief's last success, on average.",
     "От выхода до последней удачи вора, в среднем."},
    {"auth.exposure_max", UNIT_DURATION, "The longest of them.", "Наибольшее из них."},
    {"auth.store_commands", UNIT_RATE, "Commands to the store, where people log in.",
     "Команд хранилищу, в сценариях, где люди входят."},
    {"counter.attempted", UNIT_NUMBER, "Increments of counters in memory.",
     "Прибавлений к счётчикам в памяти."},
    {"counter.shown", UNIT_NUMBER, "What those counters showed in the end.",
     "Что эти счётчики показали в конце."},
    {"counter.lost", UNIT_SHARE, "Increments that another thread has overwritten.",
     "Прибавления, затёртые другим потоком."},
    {"counter.forgotten", UNIT_NUMBER, "Increments that died with a process.",
     "Прибавления, погибшие вместе с процессом."},
    {"counter.add_mean", UNIT_DURATION, "Time on a thread of one increment, its work included.",
     "Время потока на одно прибавление, вместе с работой."},
    {"counter.read_mean", UNIT_DURATION, "Time on a thread of one read.",
     "Время потока на одно чтение."},
    {"counter.lock_waits", UNIT_NUMBER, "Times that the lock was found held.",
     "Сколько раз замок был занят."},
    {"counter.retries", UNIT_NUMBER, "Copies made in vain.", "Копии, сделанные зря."},
    {"counter.allocations", UNIT_NUMBER, "Copies made.", "Сделанные копии."},
    {"counter.garbage", UNIT_NUMBER, "Bytes of those copies.", "Байты этих копий."},
    {NULL, UNIT_NUMBER, NULL, NULL},
};

const struct metric_word *metrics(void)
{
    return fixed_words;
}

const struct metric_word *service_metrics(void)
{
    static const struct metric_word words[] = {
        {"utilization", UNIT_SHARE, "Busy share of its cores.", "Занятая доля ядер."},
        {"wait_mean", UNIT_DURATION, "Mean wait for a first turn.", "Среднее ожидание в очереди."},
        {"wait_p99", UNIT_DURATION, "99 % waited less.", "99 % ждали меньше."},
        {"in_system", UNIT_NUMBER, "Requests inside, on average.", "Запросов внутри, в среднем."},
        {"queue_max", UNIT_NUMBER, "Longest line at one replica.",
         "Самая длинная очередь у реплики."},
        {"replicas_max", UNIT_NUMBER, "Most replicas at once.", "Больше всего реплик разом."},
        {"shed", UNIT_SHARE, "Visits turned away.", "Отброшенные запросы."},
        {NULL, UNIT_NUMBER, NULL, NULL},
    };

    return words;
}

static const struct metric_word *find(const struct metric_word *words, const char *name)
{
    for (; words->name != NULL; words++) {
        if (strcmp(words->name, name) == 0)
            return words;
    }
    return NULL;
}

const struct metric_word *metric_named(const char *name, const char **service, size_t *length)
{
    const char *last = strrchr(name, '.');

    *service = NULL;
    *length = 0;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return find(metrics(), name);
    if (last < name + sizeof prefix)
        return NULL;
    *service = name + sizeof prefix - 1;
    *length = (size_t)(last - *service);
    return find(service_metrics(), last + 1);
}

/* "p99" and "latency" are pieces of names, each followed or led by the rest of one. */
static bool is_piece(const char *whole, const char *piece)
{
    size_t length = strlen(whole), part = strlen(piece);

    return part > 1 && part < length &&
           ((strncmp(whole, piece, part) == 0 && whole[part] == '.') ||
            (strcmp(whole + length - part, piece) == 0 && whole[length - part - 1] == '.'));
}

const char *metric_nearest(const struct scenario *scenario, const char *name, char near[160])
{
    struct nearest nearest = nearest_to(name);

    for (const struct metric_word *word = metrics(); word->name != NULL; word++) {
        if (is_piece(word->name, name)) {
            (void)snprintf(near, 160, "%s", word->name);
            return near;
        }
    }

    for (const struct metric_word *word = metrics(); word->name != NULL; word++)
        nearest_offer(&nearest, word->name);
    if (nearest.best != NULL)
        (void)snprintf(near, 160, "%s", nearest.best);
    for (uint32_t i = 0; i < scenario->services_max; i++) {
        for (const struct metric_word *word = service_metrics(); word->name != NULL; word++) {
            char full[160];

            (void)snprintf(full, sizeof full, "%s%s.%s", prefix, scenario->services[i].name,
                           word->name);
            nearest.best = NULL;
            nearest_offer(&nearest, full);
            if (nearest.best != NULL)
                (void)snprintf(near, 160, "%s", full);
        }
    }
    return near[0] == '\0' ? NULL : near;
}
