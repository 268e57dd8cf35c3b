/* trace_file.h — sim run FILE --trace FILE: what was done for many requests, as trace events. */
#ifndef SIM_COMMAND_TRACE_FILE_H
#define SIM_COMMAND_TRACE_FILE_H

#include "sim/command/job.h"

/* Before the runs: says on stderr why it cannot be, and gives EXIT_USAGE, or EXIT_RUNTIME where the
 * file cannot be written. *out is NULL where no trace is asked for. */
int trace_file_open(const struct job *job, FILE **out);

/* After them: code, which is theirs, or EXIT_RUNTIME after it said on stderr why. Closes out. */
int trace_file_write(const struct job *job, FILE *out, int code);

#endif
