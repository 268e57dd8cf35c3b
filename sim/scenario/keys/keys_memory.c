/* keys_memory.c — The keys of a counter's memory: how its threads count, and what that costs them.
 *
 * The costs were measured by tests/bench/bench_counter.c: medians of 7 and of 11 rounds on two
 * virtual cores (AMD EPYC, Firecracker, Linux 6.18, glibc 2.36, gcc 12 -O2), two threads pinned to
 * them, load average below 1.5, 28 November 2026.
 *
 *   gap        4.5 % lost (3.3 … 8.5) by two threads with 350 ns of work between increments, and
 *              the share is gap over the whole: 15 ns. The instructions take 1 ns; the rest is the
 *              write's way out of the store buffer into a line that the other core has. With one
 *              core that way is not there: eight threads on it lost 0 to 0.3 % of 16 million in a
 *              live run (0.2 to 0.5 simulated), and with a gap of 30 ns 2.2 (3.0).
 *   atomic     2.2 to 2.6 ns, alone.
 *   line       371 against 350 ns with the same work between, another core at it: 20 ns. (A line
 *              that is waited for and nothing else takes 67 to 111 ns; most of it is overlapped.)
 *   hold       10 to 14 ns for lock, add and unlock, alone.
 *   park       820 to 950 ns for a futex call that has nothing to do. With it the model gives what
 *              two threads at one lock were measured to lose: 1 to 3 us each time it is held.
 *   wake       13 us for the system call, when the sleeper's core is halted: a virtual one has to
 *              be kicked. On cores that are kept awake, as a live run of root's keeps them, 2 us.
 *   asleep     34 to 41 us from there until the sleeper runs; on cores that are awake, 9.
 *   allocate   malloc and free: 28 to 30 ns for 64 B.
 *   per_kib    50 to 54 ns for 1 KiB, 190 to 206 for 4 KiB, copied.
 *   quantum    the slice of Linux's scheduler: 0.7 ms times 1 + log2 of the cores (of eight at
 *              most), from two cores on; kernel/sched/fair.c, 6.18. */
#include "sim/scenario/keys/keys.h"

static const struct word designs[] = {
    {"unlocked", COUNT_UNLOCKED, "Read, add, write: what others wrote in between is lost.",
     "Прочитать, прибавить, записать: что другие записали между этим, потеряно."},
    {"locked", COUNT_LOCKED, "A mutex; who finds it held sleeps.",
     "Мьютекс; кто застал его занятым, тот спит."},
    {"atomic", COUNT_ATOMIC, "One indivisible instruction; cores hand the cache line around.",
     "Одна неделимая инструкция; ядра передают друг другу строку кеша."},
    {"sharded", COUNT_SHARDED, "A counter per thread; a read adds them all up.",
     "Счётчик на каждый поток; чтение складывает их все."},
    {"copied", COUNT_COPIED, "Immutable: a new object each time, swapped in if nobody was faster.",
     "Неизменяемый: каждый раз новый объект, ставится, если никто не опередил."},
    {0},
};

static const struct key memory_keys[] = {
    {"design", KEY_WORD, KEY_AT(struct memory_spec, design), .words = designs, .fallback = "locked",
     .en = "How a thread adds to a counter that it shares with others.",
     .ru = "Как поток прибавляет к счётчику, общему с другими."},
    {"adds", KEY_COUNT, KEY_AT(struct memory_spec, adds), .fallback = "1k", .least = "1",
     .most = "10M", .en = "Increments in one like: it stands for a burst of them.",
     .ru = "Прибавлений в одном лайке: он изображает целую пачку."},
    {"posts", KEY_COUNT, KEY_AT(struct memory_spec, posts), .fallback = "1", .least = "1",
     .most = "1k", .en = "Counters; by default as many as are asked about.",
     .ru = "Сколько счётчиков; по умолчанию столько, о скольких спрашивают."},
    {"work", KEY_DURATION, KEY_AT(struct memory_spec, work_ns), .fallback = "200ns", .least = "0s",
     .most = "1s", .en = "The program's own work before each increment.",
     .ru = "Собственная работа программы перед каждым прибавлением."},
    {"jitter", KEY_SHARE, KEY_AT(struct memory_spec, jitter), .fallback = "50%", .least = "0%",
     .most = "100%",
     .en = "How far that work varies, up and down, so that threads fall out of step.",
     .ru = "Насколько она меняется в обе стороны, чтобы потоки не шли в ногу."},
    {"gap", KEY_DURATION, KEY_AT(struct memory_spec, gap_ns), .fallback = "15ns", .least = "1ns",
     .most = "1s", .en = "unlocked: from the read to the write.",
     .ru = "unlocked: от чтения до записи."},
    {"bytes", KEY_SIZE, KEY_AT(struct memory_spec, bytes), .fallback = "64B", .least = "8B",
     .most = "1MiB", .en = "copied: the object that holds the number.",
     .ru = "copied: объект, в котором лежит число."},
    {"hold", KEY_DURATION, KEY_AT(struct memory_spec, hold_ns), .fallback = "12ns", .least = "1ns",
     .most = "1s", .en = "locked: how long the lock is held.",
     .ru = "locked: сколько держат замок."},
};
const struct group memory_group = {"memory", KEYS_OF(memory_keys), .brief = "design"};

static const struct key sharing_keys[] = {
    {"atomic", KEY_DURATION, KEY_AT(struct sharing_spec, atomic_ns), .fallback = "3ns",
     .least = "1ns", .most = "1s", .en = "atomic, copied: the instruction, with the line at hand.",
     .ru = "atomic, copied: инструкция, когда строка кеша уже здесь."},
    {"line", KEY_DURATION, KEY_AT(struct sharing_spec, line_ns), .fallback = "20ns", .least = "1ns",
     .most = "1s", .en = "The same when another core had the line; also per shard of a read.",
     .ru = "То же, когда строка была у другого ядра; и за каждый шард при чтении."},
    {"park", KEY_DURATION, KEY_AT(struct sharing_spec, park_ns), .fallback = "900ns",
     .least = "1ns", .most = "1s", .en = "locked: a system call that finds nothing to wait for.",
     .ru = "locked: системный вызов, которому нечего ждать."},
    {"wake", KEY_DURATION, KEY_AT(struct sharing_spec, wake_ns), .fallback = "13us", .least = "1ns",
     .most = "1s", .en = "locked: waking a sleeper costs whoever lets go.",
     .ru = "locked: во что обходится разбудить спящего тому, кто отпустил."},
    {"asleep", KEY_DURATION, KEY_AT(struct sharing_spec, asleep_ns), .fallback = "38us",
     .least = "1ns", .most = "1s",
     .en = "locked: from there until the sleeper runs, and tries again.",
     .ru = "locked: сколько пройдёт, пока разбуженный получит ядро и попробует снова."},
    {"allocate", KEY_DURATION, KEY_AT(struct sharing_spec, allocate_ns), .fallback = "25ns",
     .least = "1ns", .most = "1s", .en = "copied: taking an object and giving back the old one.",
     .ru = "copied: взять новый объект и отдать старый."},
    {"per_kib", KEY_DURATION, KEY_AT(struct sharing_spec, copy_ns), .fallback = "40ns",
     .least = "0s", .most = "1s", .en = "copied: and copying each KiB of it.",
     .ru = "copied: и скопировать каждый его КиБ."},
    {"quantum", KEY_DURATION, KEY_AT(struct sharing_spec, quantum_ns), .fallback = "1400us",
     .least = "10us", .most = "1s",
     .en = "One turn of a counter's thread on a core that others want.",
     .ru = "Квант потока счётчика на ядре, которое нужно и другим."},
};
const struct group sharing_group = {"sharing", KEYS_OF(sharing_keys)};
