/* machine.c — sim calibrate, at the rates of one variant. */
#define _GNU_SOURCE
#include "sim/command/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command/live.h"
#include "sim/command/rates.h"

int machine_look(struct machine *machine, const struct job *job, const struct scenario *variant)
{
    struct lab_options options = {.lang = job->settings->lang,
                                  .seed = job->seed,
                                  .servers = live_servers(&job->options->live),
                                  .parts = calibrate_parts(variant),
                                  .is_interrupted = job->is_interrupted};
    struct message trouble = message_in(options.lang);
    enum lab_end end;

    if (atomic_load(job->is_interrupted))
        return EXIT_INTERRUPTED;
    rates_note(&options.rates, variant);
    machine->rates = options.rates;
    machine->parts = options.parts;
    if (!job->options->is_quiet)
        fprintf(stderr, "%s\n",
                settings_say(job->settings, "  measuring this machine (sim calibrate) …",
                             "  измеряем эту машину (sim calibrate) …"));
    end = calibrate(&options, &machine->calibration, &trouble);
    if (end == LAB_DONE)
        return EXIT_AS_EXPECTED;
    machine->parts = 0;
    if (atomic_load(job->is_interrupted))
        return EXIT_INTERRUPTED;
    fprintf(stderr, "sim run --both: %s\n", trouble.text);
    return end == LAB_DEPENDENCY ? EXIT_DEPENDENCY : EXIT_RUNTIME;
}

bool machine_is_for(const struct machine *machine, const struct scenario *variant)
{
    const struct lab_rates *had = &machine->rates;
    struct lab_rates rates = {.visited = 0};

    rates_note(&rates, variant);
    return machine->parts == calibrate_parts(variant) && had->visited == rates.visited &&
           had->stored == rates.stored && had->put == rates.put && had->written == rates.written;
}

int machine_write(const struct machine *machine, char *path, size_t path_bytes)
{
    FILE *file;
    int fd;

    snprintf(path, path_bytes, "/tmp/sim-calibration-XXXXXX.yaml");
    fd = mkstemps(path, 5);
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        perror(path);
        path[0] = '\0';
        return EXIT_RUNTIME;
    }
    calibration_write(file, &machine->calibration);
    return fclose(file) == 0 ? EXIT_AS_EXPECTED : EXIT_RUNTIME;
}
