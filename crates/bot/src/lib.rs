//! The thin bot: a command becomes a validated request and one atomic submit.
