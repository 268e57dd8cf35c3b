/* test.h — cmocka, with the headers that it needs before it.
 *
 * cmocka 1.1 wants these four first, in any order, and a formatter that sorts includes would
 * quietly break that; so sorting is off, and every test includes this file before any other and
 * cmocka by no other way. Nothing else belongs here: what tests share lives beside it, in headers
 * of its own. */
#ifndef TESTS_LIB_TEST_H
#define TESTS_LIB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
