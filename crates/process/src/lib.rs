//! Birth and death of a process: tracing, signals, exit codes, breakpoints for tests.
