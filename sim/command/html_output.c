/* html_output.c — A page is written beside its name and then takes it: who looks meanwhile, and who
 * pulls the plug, finds the old page or the new one, never a half.
 *
 * The file beside it is made once before the run as well, and removed at once: a run of an hour
 * does not end with "permission denied". */
#define _GNU_SOURCE
#include "sim/command/html_output.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct beside_file {
    char target[PATH_MAX]; /* Behind all symbolic links, so that a link stays one. */
    char name[PATH_MAX + 8];
    mode_t mode; /* Of what was there, or what a new file has. */
    int fd;
};

static mode_t mode_of_new_files(void)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    return 0666 & ~mask;
}

/* False, and errno, when there can be no such file. */
static bool open_beside(struct beside_file *file, const char *path)
{
    struct stat was;

    if (realpath(path, file->target) == NULL &&
        snprintf(file->target, sizeof file->target, "%s", path) >= (int)sizeof file->target)
        return false;
    file->mode = stat(file->target, &was) == 0 ? was.st_mode & 0777 : mode_of_new_files();
    snprintf(file->name, sizeof file->name, "%s.XXXXXX", file->target);
    file->fd = mkstemp(file->name);
    return file->fd >= 0;
}

static bool is_no_file(const char *path)
{
    struct stat was;

    return stat(path, &was) == 0 && !S_ISREG(was.st_mode);
}

int html_output_check(const struct options *options, const struct settings *settings)
{
    struct beside_file file;

    if (options->html_path == NULL)
        return EXIT_AS_EXPECTED;
    if (!html_has_charts()) {
        fprintf(stderr, "sim run --html: %s\n",
                settings_say(settings,
                             "this sim was built without its chart library (uPlot). Install npm, "
                             "configure and build again: ./bootstrap.sh does all of it",
                             "этот sim собран без библиотеки графиков (uPlot). Поставьте npm и "
                             "соберите заново: всё это делает ./bootstrap.sh"));
        return EXIT_USAGE;
    }
    if (is_no_file(options->html_path)) {
        fprintf(stderr, "%s: %s\n", options->html_path,
                settings_say(settings, "is there and is no file", "уже есть, и это не файл"));
        return EXIT_RUNTIME;
    }
    if (!open_beside(&file, options->html_path)) {
        perror(options->html_path);
        return EXIT_RUNTIME;
    }
    close(file.fd);
    unlink(file.name);
    return EXIT_AS_EXPECTED;
}

static bool write_page(FILE *out, const struct report *report, const struct beside *beside)
{
    bool is_whole;

    report_html(report, beside, out);
    is_whole = fflush(out) == 0 && ferror(out) == 0;
    return fclose(out) == 0 && is_whole;
}

bool html_output_write(const struct options *options, const struct report *report,
                       const struct beside *beside)
{
    struct beside_file file;
    FILE *out;

    if (options->html_path == NULL)
        return true;
    if (!open_beside(&file, options->html_path)) {
        perror(options->html_path);
        return false;
    }
    out = fdopen(file.fd, "w");
    if (out != NULL && write_page(out, report, beside) && chmod(file.name, file.mode) == 0 &&
        rename(file.name, file.target) == 0)
        return true;
    perror(options->html_path);
    unlink(file.name);
    return false;
}
