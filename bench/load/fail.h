// Ends a run that did not measure what it should.
#ifndef FAIL_H
#define FAIL_H

enum exit_code {
  EXIT_USAGE = 2,      // an option that does not exist or makes no sense
  EXIT_CONNECTION = 3, // a connection was refused or closed
  EXIT_DELIVERY = 4,   // a message is missing, duplicated or out of order
};

// Prints one line on stderr and ends the process.
__attribute__((noreturn, format(printf, 2, 3))) void fail(enum exit_code code,
                                                         const char *format,
                                                         ...);
#endif
