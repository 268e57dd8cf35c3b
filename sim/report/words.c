/* words.c — The catalogue: one line per word, English beside Russian.
 *
 * Sentences are written so that their figures need no plural: "thresholds held: 2 of 3" reads well
 * for every number in both languages. */
#include "sim/report/words.h"

#include <string.h>

static const char *const words[WORDS][LANGUAGES] = {
    [WORD_VARIANTS_AS_EXPECTED] = {"%s of %s variants as expected",
                                   "%s из %s вариантов — как ожидалось"},
    [WORD_VARIANTS_AS_EXPECTED_ONE] = {"%s of %s variants as expected",
                                       "%s из %s варианта — как ожидалось"},
    [WORD_NOT_AS_EXPECTED] = {"not as expected:", "вопреки ожиданиям:"},
    [WORD_VARIANTS_PASS] = {"variants that pass: %s of %s", "прошло вариантов: %s из %s"},
    [WORD_FAILING] = {"failing:", "не прошли:"},
    [WORD_THRESHOLDS_HOLD] = {"thresholds held: %s of %s", "выдержано порогов: %s из %s"},
    [WORD_NO_THRESHOLDS] = {"done; there are no thresholds to hold",
                            "готово; порогов, которые надо выдержать, нет"},
    [WORD_PASSES] = {"passes", "проходит"},
    [WORD_FAILS] = {"fails", "не проходит"},
    [WORD_WANTED] = {"(wanted %s)", "(нужно %s)"},
    [WORD_NOT_MEASURED] = {"not measured", "не измерялось"},
    [WORD_EXPECTED] = {"expected", "ожидали"},
    [WORD_OUTCOME] = {"outcome", "исход"},
    [WORD_PASS] = {"pass", "успех"},
    [WORD_FAIL] = {"fail", "провал"},

    [WORD_INVARIANT_BROKEN] = {"INVARIANT VIOLATED: %s at %s, seed %s",
                               "НАРУШЕН ИНВАРИАНТ: %s, момент %s, seed %s"},
    [WORD_INVARIANTS_MORE] = {"… and %s more", "… и ещё %s"},
    [WORD_INTERRUPTED] = {"PARTIAL: the run was interrupted; these are the figures so far",
                          "ЧАСТИЧНО: прогон прерван; это показатели на момент остановки"},
    [WORD_ALL_VARIANTS] = {"all variants", "все варианты"},
    [WORD_LIMIT] = {"PARTIAL: the run hit its limit (%s); these are the figures so far",
                    "ЧАСТИЧНО: прогон упёрся в предел (%s); это показатели на момент остановки"},
    [WORD_LIMIT_UNKNOWN] = {"unknown", "неизвестный"},
    [WORD_INVARIANTS_HOLD] = {"invariants held: %s checks", "инварианты соблюдены: проверок %s"},

    [WORD_SEED] = {"seed %s", "seed %s"},
    [WORD_SEEDS] = {"seeds from %s, %s runs: mean ± 95% CI",
                    "seed от %s, прогонов %s: среднее ± 95 % ДИ"},
    [WORD_MEASURED] = {"%s measured", "измерено %s"},
    [WORD_FAULT_CRASH] = {"crash of %s, %s – %s", "отказ %s, %s – %s"},
    [WORD_FAULT_PAUSE] = {"stop of %s, %s – %s", "остановка %s, %s – %s"},
    [WORD_FAULT_CUT] = {"%s cut off, %s – %s", "обрыв связи с %s, %s – %s"},
    [WORD_FAULT_END] = {"the end", "конец"},
    [WORD_VIRTUAL] = {"virtual time", "виртуальное время"},
    [WORD_LIVE] = {"real processes", "настоящие процессы"},
    [WORD_EVENTS] = {"%s events in %s", "%s событий за %s"},
    [WORD_REPEAT] = {"Repeat:", "Повторить:"},

    [WORD_TITLE_THRESHOLDS] = {"Thresholds", "Пороги"},
    [WORD_TITLE_ANSWERS] = {"Answers", "Ответы"},
    [WORD_TITLE_FAILURES] = {"Why requests failed", "Почему запросы терялись"},
    [WORD_TITLE_BOTTLENECK] = {"Bottleneck", "Узкое место"},
    [WORD_TITLE_AUTH] = {"Who was let in", "Кого впустили"},
    [WORD_TITLE_RUNTIMES] = {"Runtimes", "Среды исполнения"},
    [WORD_TITLE_MONEY] = {"Money, %s", "Деньги, %s"},
    [WORD_TITLE_MONEY_LOST] = {"Money lost by cause, %s", "Упущенные деньги по причинам, %s"},
    [WORD_TITLE_TIME] = {"Over time: %s, one mark is %s", "Во времени: %s, один знак — %s"},
    [WORD_GOODPUT] = {"goodput", "goodput"},
    [WORD_THROUGHPUT] = {"throughput", "throughput"},
    [WORD_IN_TIME] = {"(in time)", "(вовремя)"},
    [WORD_IN_TIME_OR_LATE] = {"(with late)", "(и поздние)"},
    [WORD_LATENCY] = {"latency", "задержка"},
    [WORD_P50] = {"p50", "p50"},
    [WORD_P99] = {"p99", "p99"},
    [WORD_ATTEMPTS] = {"tries", "попыток"},
    [WORD_PER_REQUEST] = {"per request", "на запрос"},
    [WORD_LOST_REQUESTS] = {"lost", "потеряно"},
    [WORD_IN_ALL] = {"(in all)", "(всего)"},
    [WORD_TIMEOUT] = {"timeout", "таймаут"},
    [WORD_SHED] = {"shed", "сброшено"},
    [WORD_REFUSED] = {"refused", "отказано"},
    [WORD_ERROR] = {"error", "ошибка"},
    [WORD_DENIED] = {"denied", "не впущено"},
    [WORD_LATE] = {"late", "опоздало"},
    [WORD_NOTHING_FAILED] = {"no request failed or came late",
                             "ни один запрос не потерян и не опоздал"},
    [WORD_LOGINS] = {"logins", "входы"},
    [WORD_REFRESHES] = {"refreshes", "обновления"},
    [WORD_LOGOUTS] = {"logouts", "выходы"},
    [WORD_STOLEN_TOKENS] = {"stolen", "украдено"},
    [WORD_REFUSED_TOKENS] = {"refused", "не принято"},
    [WORD_FORGED] = {"forged", "поддельные"},
    [WORD_REVOKED_TOKENS] = {"revoked", "отозванные"},
    [WORD_ACCEPTED] = {"accepted", "приняты"},
    [WORD_EXPOSURE] = {"exposure", "окно вора"},
    [WORD_MEAN] = {"mean", "среднее"},
    [WORD_LONGEST] = {"longest", "наибольшее"},
    [WORD_STORE_COMMANDS] = {"store", "хранилище"},
    [WORD_COMMISSION] = {"commission", "комиссия"},
    [WORD_DELIVERY] = {"delivery", "доставка"},
    [WORD_SUBSCRIPTION] = {"listing", "подписка"},
    [WORD_ADS] = {"ads", "реклама"},
    [WORD_PREMIUM] = {"premium", "премиум"},
    [WORD_REVENUE] = {"revenue", "выручка"},
    [WORD_COURIERS] = {"couriers", "курьеры"},
    [WORD_PAYMENT] = {"payment", "платежи"},
    [WORD_REFUNDS] = {"refunds", "возвраты"},
    [WORD_SUPPORT] = {"support", "поддержка"},
    [WORD_SERVERS] = {"servers", "серверы"},
    [WORD_PROFIT] = {"profit", "прибыль"},
    [WORD_CONTRIBUTION] = {"contribution", "маржа"},
    [WORD_PER_ORDER] = {"per order", "на заказ"},
    [WORD_CHEAPEST] = {"cheapest design that holds the thresholds: %s (servers %s)",
                       "самое дешёвое решение, которое держит пороги: %s (серверы %s)"},
    [WORD_MOST_PROFITABLE] = {"most profitable design: %s (profit %s)",
                              "самое прибыльное решение: %s (прибыль %s)"},
    [WORD_LOST_MONEY] = {"lost", "упущено"},
    [WORD_HELD] = {"workers", "исполнители"},
    [WORD_BY_VISITS] = {"held", "заняты"},
    [WORD_GIL] = {"GIL", "GIL"},
    [WORD_GIL_HELD] = {"held", "занята"},
    [WORD_GIL_WAIT] = {"wait", "ожидание"},
    [WORD_MEMORY] = {"memory", "память"},
    [WORD_MIB] = {"MiB", "МиБ"},
    [WORD_OFFERED] = {"offered", "запросы"},
    [WORD_QUEUE] = {"queue", "очередь"},
    [WORD_QUEUE_AND_LOG] = {"queue + log", "очередь + лог"},
    [WORD_NOTHING_IN_TIME] = {"× no answer in time", "× ни одного ответа вовремя"},
    [WORD_NONE] = {"none", "нет"},
    [WORD_COMPONENT_STORE] = {"store", "store (Redis)"},
    [WORD_COMPONENT_MEMCACHED] = {"store", "store (memcached)"},
    [WORD_COMPONENT_QUEUE] = {"queue", "queue (Kafka)"},
    [WORD_COMPONENT_RABBIT] = {"queue", "queue (RabbitMQ)"},
    [WORD_COMPONENT_TABLE] = {"table", "table (SQL)"},
};

enum language language_of(const char *lang)
{
    return lang != NULL && strncmp(lang, "ru", 2) == 0 ? LANGUAGE_RU : LANGUAGE_EN;
}

const char *word(enum language language, enum word word)
{
    return words[word][language];
}

const char *text_in(enum language language, const struct text *text)
{
    const char *asked = language == LANGUAGE_RU ? text->ru : text->en;

    return asked == NULL ? "" : asked;
}
