/* check.h — A claim that must hold, in every build.
 *
 * Errors come in three kinds that never mix: our own mistake, the world's doing, the user's slip.
 * check() is for the first kind alone. It stays on in release builds: a simulator that goes on
 * after a broken claim prints numbers, and numbers are believed. A failed check prints the claim,
 * its place, and whatever the listener adds (seed, virtual time, the command that repeats the
 * run), and aborts. */
#ifndef SERVICES_BASE_CHECK_H
#define SERVICES_BASE_CHECK_H

#define check(claim) ((claim) ? (void)0 : check_failed(__FILE__, __LINE__, #claim))

/* Prints and aborts. */
_Noreturn void check_failed(const char *file, int line, const char *claim);

/* Runs before the abort, on the failing thread; one per thread, NULL for none. */
void check_listen(void (*tell)(void *context), void *context);

#endif
