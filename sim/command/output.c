/* output.c — The terminal, the documents, and what becomes of all when a disk is full. */
#include "sim/command/output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sim/command/html_output.h"

unsigned output_columns(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return columns == NULL ? 0 : (unsigned)strtoul(columns, NULL, 10);
}

bool output_wants_color(bool no_color_said)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return !no_color_said && (no_color == NULL || no_color[0] == '\0') && isatty(STDOUT_FILENO) &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

bool output_open_json(const struct options *options, FILE **json)
{
    *json = NULL;
    if (options->json_path == NULL)
        return true;
    *json = strcmp(options->json_path, "-") == 0 ? stdout : fopen(options->json_path, "w");
    if (*json == NULL)
        perror(options->json_path);
    return *json != NULL;
}

bool output_flush(FILE *file, const char *name)
{
    if (fflush(file) == 0 && ferror(file) == 0)
        return true;
    perror(name);
    return false;
}

int output_report(const struct report *report, const struct options *options, FILE *json)
{
    bool is_written = html_output_write(options, report, NULL);

    if (json != NULL) {
        report_json(report, json);
        is_written = output_flush(json, options->json_path) && is_written;
    }
    if (json != stdout && !options->is_quiet) {
        report_terminal(report, stdout);
        is_written = output_flush(stdout, "sim run") && is_written;
    }
    return is_written ? report_exit_code(report) : EXIT_RUNTIME;
}
