/* keys_reference.c — scenarios/README.md, made from the table of keys: how a scenario is written,
 * then every key, in English and again in Russian. tests/scenario regenerates it and compares. */
#include <stdio.h>
#include <string.h>

#include "sim/scenario/keys/keys_walk.h"
#include "sim/scenario/keys/metrics.h"

struct page {
    struct key_visit visit; /* First, so that a visit is its page. */
    FILE *out;
    bool is_russian;
};

static const char *say(const struct page *page, const char *en, const char *ru)
{
    return page->is_russian ? ru : en;
}

static const char intro_en[] =
    "<!-- Made from the tables in sim/scenario/keys: edit those, then see\n"
    "     tests/scenario/test_keys.c. -->\n"
    "# Writing a scenario\n"
    "\n"
    "По-русски: [ниже](#как-пишут-сценарий).\n"
    "\n"
    "A scenario is one YAML file: who asks, what answers, what breaks, and what must hold. Nearly "
    "all\n"
    "keys have defaults, so the shortest scenario, a queue of one server, is two lines:\n"
    "\n"
    "```yaml\n"
    "load: [{rate: 800/s}]\n"
    "services: {server: {steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n"
    "```\n"
    "\n"
    "With a question and two answers, run side by side:\n"
    "\n"
    "```yaml\n"
    "load: [{rate: 800/s}]\n"
    "services: {server: {steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n"
    "thresholds: [latency.p99 < 10ms]\n"
    "variants: {one: {expect: fail}, two: {expect: pass, services: {server: {replicas: 2}}}}\n"
    "```\n"
    "\n"
    "`sim check FILE` finds every slip at once and says what to write instead; `sim help KEY`\n"
    "explains a key; `sim schema` prints a JSON Schema for your editor.\n"
    "\n"
    "- **Units are mandatory**: `300ms`, `1m30s`, `1.2k/s`, `64MiB`, `25%`, `149.00 RUB`. A count\n"
    "  may end in `k`, `M` or `G`.\n"
    "- **An unknown key is an error**, and so is one that no variant needs (`cv` without a "
    "lognormal);"
    "\n  keys that begin with `x-` are notes and are ignored.\n"
    "- **`extends: base.yaml`** lays the file over another one, by a relative path that stays "
    "below\n"
    "  the folder above: `../config/cloud.yaml`, as the shipped scenarios do. So keep a copy of "
    "one\n"
    "  of them in `scenarios/`, or take its `extends` away. Parents may have parents, four at "
    "most.\n"
    "- **`variants:`** are other designs: each is laid over the scenario and run on the same\n"
    "  arrivals. `expect: pass` or `fail` says how the thresholds should end. When there are\n"
    "  variants, only they are run.\n"
    "- **`--set path=value`** has the last word, in the scenario and in every variant:\n"
    "  `--set services.delivery.replicas=8 --set load.0.rate=2k/s`; in one variant alone:\n"
    "  `--set variants.wide.services.delivery.replicas=32`.\n"
    "- **Laying one over another**: mappings merge key by key, anything else replaces what was\n"
    "  there; a mapping of positions changes entries of a list: `load: {0: {patience: 1s}}`.\n"
    "- No anchors, aliases or tags; at most 1 MiB, 64 levels, 16384 values.\n";

static const char intro_ru[] =
    "\n# Как пишут сценарий\n"
    "\n"
    "Сценарий — один файл YAML: кто спрашивает, кто отвечает, что ломается и что должно\n"
    "выполняться. Почти у всех ключей есть значения по умолчанию, и самый короткий сценарий, "
    "очередь\n"
    "к одному серверу, — две строки:\n"
    "\n"
    "```yaml\n"
    "load: [{rate: 800/s}]\n"
    "services: {server: {steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n"
    "```\n"
    "\n"
    "С вопросом и двумя ответами, рядом:\n"
    "\n"
    "```yaml\n"
    "load: [{rate: 800/s}]\n"
    "services: {server: {steps: [{compute: {dist: exponential, mean: 1ms}}]}}\n"
    "thresholds: [latency.p99 < 10ms]\n"
    "variants: {one: {expect: fail}, two: {expect: pass, services: {server: {replicas: 2}}}}\n"
    "```\n"
    "\n"
    "`sim check ФАЙЛ` находит сразу все описки и говорит, что написать вместо них;\n"
    "`sim help КЛЮЧ --lang ru` объясняет ключ; `sim schema` печатает JSON Schema для редактора.\n"
    "\n"
    "- **Единицы обязательны**: `300ms`, `1m30s`, `1.2k/s`, `64MiB`, `25%`, `149.00 RUB`.\n"
    "  Количество может кончаться на `k`, `M` или `G`.\n"
    "- **Неизвестный ключ — ошибка**, и ключ, который не нужен ни одному варианту (`cv` без\n"
    "  lognormal), тоже; ключи, начинающиеся с `x-`, — заметки, их пропускают.\n"
    "- **`extends: base.yaml`** кладёт файл поверх другого; путь относительный и не выходит из "
    "папки\n"
    "  уровнем выше: `../config/cloud.yaml`, как у готовых сценариев. Поэтому копию готового "
    "держат\n"
    "  в `scenarios/` или убирают из неё `extends`. У родителей бывают свои родители, до четырёх.\n"
    "- **`variants:`** — другие решения: каждое ложится поверх сценария и прогоняется на тех же\n"
    "  запросах. `expect: pass` или `fail` говорит, чем должны кончиться пороги. Если варианты\n"
    "  есть, прогоняются только они.\n"
    "- **`--set путь=значение`** — последнее слово, в сценарии и в каждом варианте:\n"
    "  `--set services.delivery.replicas=8 --set load.0.rate=2k/s`; в одном варианте:\n"
    "  `--set variants.wide.services.delivery.replicas=32`.\n"
    "- **Как одно ложится на другое**: наборы ключей сливаются по ключам, всё прочее заменяется;\n"
    "  набор номеров меняет записи списка: `load: {0: {patience: 1s}}`.\n"
    "- Без якорей, ссылок и тегов; не больше 1 МиБ, 64 уровней и 16384 значений.\n";

static void head(const struct page *page)
{
    (void)fputs(say(page,
                    "\n| key | what it is | default | range | meaning |\n"
                    "| --- | --- | --- | --- | --- |\n",
                    "\n| ключ | что это | по умолчанию | от и до | смысл |\n"
                    "| --- | --- | --- | --- | --- |\n"),
                page->out);
}

static void row(const struct page *page, const struct key *key, const char *path)
{
    const struct type_facts *facts = type_facts(key->type);

    (void)fprintf(page->out, "| `%s` | %s |", path, say(page, facts->en, facts->ru));
    if (key->fallback == NULL)
        (void)fputs(" |", page->out);
    else
        (void)fprintf(page->out, " `%s` |", key->fallback);
    if (key->least == NULL || key->most == NULL)
        (void)fputs(" |", page->out);
    else
        (void)fprintf(page->out, " `%s` … `%s` |", key->least, key->most);
    (void)fprintf(page->out, " %s", say(page, key->en, key->ru));
    for (const struct word *word = key->words; word != NULL && word->text != NULL; word++)
        (void)fprintf(page->out, "<br>`%s`: %s", word->text, say(page, word->en, word->ru));
    (void)fputs(" |\n", page->out);
}

/* First come the keys of the first level that hold a single value. */
static void meet_single(struct key_visit *visit, const struct key *key, const char *path)
{
    struct page *page = (struct page *)visit;

    if (strchr(path, '.') == NULL)
        row(page, key, path);
}

static void section(const struct page *page, const char *title, const char *text)
{
    (void)fprintf(page->out, "\n## %s\n\n%s\n", title, text);
    head(page);
}

static void distributions(const struct page *page)
{
    section(page, say(page, "Distributions", "Распределения"),
            say(page,
                "A bare amount is a constant; a mapping says more: "
                "`{dist: lognormal, mean: 5ms, cv: 0.7}`,\n"
                "`{dist: empirical, points: [[1ms, 9], [20ms, 1]]}`.",
                "Просто величина — константа; набор ключей говорит больше: "
                "`{dist: lognormal, mean: 5ms, cv: 0.7}`,\n"
                "`{dist: empirical, points: [[1ms, 9], [20ms, 1]]}`."));
    for (size_t i = 0; i < duration_dist_group.keys_max; i++)
        row(page, &duration_dist_group.keys[i], duration_dist_group.keys[i].name);
}

/* Then a section for each mapping of the first level. */
static void meet_inside(struct key_visit *visit, const struct key *key, const char *path)
{
    struct page *page = (struct page *)visit;
    bool is_first_level = strchr(path, '.') == NULL;

    if (strncmp(path, "DURATION.", 9) == 0 || strncmp(path, "AMOUNT.", 7) == 0)
        return;
    if (is_first_level) {
        if (key->group != NULL)
            section(page, path, say(page, key->en, key->ru));
        return;
    }
    if (strcmp(path, "variants.*.title") == 0)
        section(page, "variants",
                say(page,
                    "Beside these, any key of a scenario but "
                    "version, name, seed, extends and variants.",
                    "Кроме этих — любой ключ сценария, не считая "
                    "version, name, seed, extends и variants."));
    row(page, key, path);
}

static const char *unit_text(const struct page *page, enum unit unit)
{
    switch (unit) {
    case UNIT_DURATION:
        return "`300ms`";
    case UNIT_RATE:
        return "`500/s`";
    case UNIT_SHARE:
        return "`0.1%`";
    case UNIT_MONEY:
        return "`10000 RUB`";
    case UNIT_SIZE:
    case UNIT_DISTANCE:
    case UNIT_COUNT:
    case UNIT_NUMBER:
        break;
    }
    return say(page, "a number", "число");
}

static void metric_rows(const struct page *page, const struct metric_word *word, const char *prefix)
{
    for (; word->name != NULL; word++)
        (void)fprintf(page->out, "| `%s%s` | %s | %s |\n", prefix, word->name,
                      unit_text(page, word->unit), say(page, word->en, word->ru));
}

static void metric_section(const struct page *page)
{
    (void)fputs(say(page,
                    "\n## Metrics for thresholds\n\n"
                    "`METRIC < BOUND`, with `<`, `<=`, `>` or `>=`.\n\n"
                    "| metric | bound | meaning |\n| --- | --- | --- |\n",
                    "\n## Показатели для порогов\n\n"
                    "`ПОКАЗАТЕЛЬ < ГРАНИЦА`, с `<`, `<=`, `>` или `>=`.\n\n"
                    "| показатель | граница | смысл |\n| --- | --- | --- |\n"),
                page->out);
    metric_rows(page, metrics(), "");
    metric_rows(page, service_metrics(), "services.NAME.");
}

static void write_half(struct page *page)
{
    (void)fputs(say(page, intro_en, intro_ru), page->out);
    section(page, say(page, "The first level", "Первый уровень"),
            say(page, "Mappings have sections of their own below.",
                "У наборов ключей ниже есть свои разделы."));
    page->visit.meet = meet_single;
    keys_walk(&page->visit);
    page->visit.meet = meet_inside;
    keys_walk(&page->visit);
    distributions(page);
    metric_section(page);
}

void keys_reference(FILE *out)
{
    struct page english = {.out = out}, russian = {.out = out, .is_russian = true};

    write_half(&english);
    write_half(&russian);
}
