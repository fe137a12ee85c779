//! The harness: starts private Redis servers, simulators, bots and workers, and waits on events.
