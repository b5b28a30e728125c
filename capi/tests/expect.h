/* Checks what a test expects, and names the line where it fails. */

#ifndef EXPECT_H
#define EXPECT_H

#include <stdio.h>
#include <string.h>

#include "poisson_midpoint.h"

static int failures;

static void expect(pmid_status_t found, pmid_status_t expected, const char *file, int line)
{
    if (found != expected) {
        printf("%s:%d: \"%s\" instead of \"%s\"\n", file, line, pmid_status_text(found),
               pmid_status_text(expected));
        ++failures;
    }
}

static void expect_true(int holds, const char *file, int line)
{
    if (!holds) {
        printf("%s:%d: does not hold\n", file, line);
        ++failures;
    }
}

#define EXPECT(call, status) expect((call), (status), __FILE__, __LINE__)
#define EXPECT_TRUE(condition) expect_true((condition), __FILE__, __LINE__)

/* A pointer that is not aligned. */
static void *misaligned(void *pointer)
{
    return (char *)pointer + 1;
}

#endif
