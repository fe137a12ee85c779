//! Updates in as domain commands; messages, edits and files out; every error a named outcome.
